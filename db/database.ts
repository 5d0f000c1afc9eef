import { knex as createKnex, type Knex } from 'knex'
import pg from 'pg'
import { nudged } from './nudge'

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
  return createKnex({
    client: 'pg',
    connection: { connectionString: url, application_name: name },
    pool: { min: 0, max: pool },
    acquireConnectionTimeout: 10_000,
    // knex would print to the console, past the log and its redaction. What goes wrong is thrown to whoever asked, who logs it.
    log: { warn: ignore, error: ignore, deprecate: ignore, debug: ignore },
  })
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
