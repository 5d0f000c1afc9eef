import type { Database, Transaction } from './database'

/** How often a transaction that lost a deadlock, a serialization conflict, or its candidates is run again. */
const MAX_RUNS = 6
/** The number of a transaction's last run, counted from 0. */
export const LAST_RUN = MAX_RUNS - 1
const DEADLOCK_DETECTED = '40P01'
const SERIALIZATION_FAILURE = '40001'

/** Thrown inside a transaction to have the whole of it run again: what it was about to do no longer holds. */
export class RunAgain extends Error {
  override readonly name = 'RunAgain'
}

const leftToCommit = new WeakMap<Transaction, Promise<unknown>>()

/**
 * Leaves the last statement of a transaction to be answered together with its COMMIT, which saves waiting for it. When it fails
 * PostgreSQL commits nothing, and `inTransaction` throws what it failed by. Nothing may depend on its answer.
 */
export function leaveToCommit(trx: Transaction, statement: Promise<unknown>): void {
  // It is looked at when the transaction has ended; until then nobody waits for it.
  statement.catch(() => undefined)
  leftToCommit.set(trx, statement)
}

/**
 * Runs `work` in one transaction and answers what it answers. Deadlocks, serialization failures and `RunAgain` repeat the whole
 * transaction, up to 5 times; `run` counts from 0. Any other error rolls back and is thrown.
 *
 * Callback style only: knex resolves a hand-made commit even when COMMIT failed, and the row would be lost without an error.
 */
export async function inTransaction<T>(db: Database, work: (trx: Transaction, run: number) => Promise<T>): Promise<T> {
  for (let run = 0; ; run++) {
    try {
      return await runOnce(db, trx => work(trx, run))
    } catch (error) {
      if (run === LAST_RUN || !worthAnotherRun(error)) throw error
    }
  }
}

async function runOnce<T>(db: Database, work: (trx: Transaction) => Promise<T>): Promise<T> {
  let left: () => Promise<unknown> | undefined = () => undefined
  try {
    const answer = await db.transaction(trx => {
      left = () => leftToCommit.get(trx)
      return work(trx)
    })
    await left()
    return answer
  } catch (error) {
    // What follows a failed statement fails because of it: the first is the reason.
    await left()
    throw error
  }
}

function worthAnotherRun(error: unknown): boolean {
  if (error instanceof RunAgain) return true
  const code = (error as { code?: unknown } | null)?.code
  return code === DEADLOCK_DETECTED || code === SERIALIZATION_FAILURE
}
