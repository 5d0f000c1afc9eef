import type { Client } from 'pg'
import type { Transaction } from './database'

/** A statement that each connection parses and plans once; `text` has `$1`, `$2` ... for its values. */
export interface Prepared {
  readonly name: string
  readonly text: string
}

/**
 * Runs a prepared statement on the transaction's own connection. For the statements that every act runs: building and parsing them
 * anew took three quarters of an act's processor time. A connection pooler in transaction mode would break them.
 */
export async function runPrepared<Row>(
  trx: Transaction,
  { name, text }: Prepared,
  values: readonly unknown[],
): Promise<Row[]> {
  const connection = (await trx.client.acquireConnection()) as Client
  const { rows } = await connection.query({ name, text, values: [...values] })
  return rows as Row[]
}
