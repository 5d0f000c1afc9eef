import { knex as createKnex, type Knex } from 'knex'
import pg from 'pg'
import { nudged } from './nudge'
import { gatherWrites } from './prepared'

/** The pool. Every query of the product goes through it or through a transaction that it began. */
export type Database = Knex
/** A transaction: only ever made by `inTransaction`, so that a failed COMMIT is an error (see there). */
export type Transaction = Knex.Transaction

const INT8_OID = 20
// Counts come as int8; ours stay far below 2^53.
pg.types.setTypeParser(INT8_OID, Number)

export interface DatabaseOptions {
  readonly url: string
  /** Connections at most; a request waits for one up to 10 s. */
  readonly pool: number
  /** Shown in `pg_stat_activity`. */
  readonly name: string
}

const ignore = (): void => undefined

/** Opens the pool; no connection is made before the first query. */
export function openDatabase({ url, pool, name }: DatabaseOptions): Database {
  // A statement is sent without waiting for the answer to the one before, so that those of an act that do not need each other's
  // answers are one round trip.
  const connection = { connectionString: url, application_name: name, pipeline: true }
  const db = createKnex({
    client: 'pg',
    connection,
    pool: { min: 0, max: pool },
    acquireConnectionTimeout: 10_000,
    // knex would print to the console, past the log and its redaction. What goes wrong is thrown to whoever asked, who logs it.
    log: { warn: ignore, error: ignore, deprecate: ignore, debug: ignore },
  })
  beginWithFirstStatement(db)
  return db
}

/** What knex makes of a transaction, as far as it is changed here. */
interface KnexTransaction {
  begin(connection: pg.Client): Promise<unknown>
}

/**
 * BEGIN goes out together with the transaction's first statement instead of being waited for. Should it fail, knex refuses every
 * later statement and the transaction is rejected all the same.
 */
function beginWithFirstStatement(db: Database): void {
  const client = db.client as { transaction(...args: unknown[]): KnexTransaction }
  const make = client.transaction.bind(client)
  client.transaction = (...args) => {
    const transaction = make(...args)
    const begin = transaction.begin.bind(transaction)
    transaction.begin = connection => {
      gatherWrites(connection)
      void begin(connection)
      return Promise.resolve()
    }
    return transaction
  }
}

/** Closes the pool after running queries have ended. */
export async function closeDatabase(db: Database): Promise<void> {
  await nudged(db)
  await db.destroy()
}

// PostgreSQL's classes for a lost connection (08) and a server that ends or starts (57P), and its full house; Node's for the network.
const AWAY = /^(08...|57P0[1-3]|53300|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN)$/
/** pg gives these errors no code; knex puts its statement before them. */
const AWAY_IN_WORDS = /(^| - )(Connection terminated|Client has encountered a connection error|timeout expired)/

/** Was the database out of reach, or the connection lost on the way? What was asked may have been done all the same. */
export function isDatabaseAway(error: unknown): boolean {
  const { code, name, message } = (error ?? {}) as { code?: unknown; name?: unknown; message?: unknown }
  if (typeof code === 'string') return AWAY.test(code)
  return name === 'KnexTimeoutError' || (typeof message === 'string' && AWAY_IN_WORDS.test(message))
}
