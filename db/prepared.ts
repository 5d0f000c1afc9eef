import type { Socket } from 'node:net'
import type { Client } from 'pg'
import type { Database, Transaction } from './database'

/** A statement that each connection parses and plans once; `text` has `$1`, `$2` ... for its values. */
export interface Prepared {
  readonly name: string
  readonly text: string
}

/**
 * Runs a prepared statement, on a transaction's own connection or on one of the pool. For the statements that every request runs:
 * building and parsing them anew took three quarters of an act's processor time. A connection pooler in transaction mode would
 * break them.
 */
export async function runPrepared<Row>(
  db: Database | Transaction,
  { name, text }: Prepared,
  values: readonly unknown[],
): Promise<Row[]> {
  const client = db.client as { acquireConnection(): Promise<Client>; releaseConnection(client: Client): Promise<void> }
  const connection = await client.acquireConnection()
  gatherWrites(connection)
  try {
    const { rows } = await connection.query({ name, text, values: [...values] })
    return rows as Row[]
  } finally {
    // A transaction keeps its connection: there this gives nothing back.
    await client.releaseConnection(connection)
  }
}

/**
 * Has what is sent on this connection within the present tick leave in one piece: handing each statement to the system by itself was a
 * third of the API's processor time.
 */
export function gatherWrites(connection: Client): void {
  const { stream } = (connection as unknown as { connection: { stream: Socket } }).connection
  stream.cork()
  process.nextTick(() => stream.uncork())
}
