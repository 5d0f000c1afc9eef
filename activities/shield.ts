import { asyncLocalStorage } from '@temporalio/activity'
import { ApplicationFailure } from '@temporalio/common'
import { Refusal } from '../domain/refusals'
import type { LogFields, Logger } from '../platform/logger'

/**
 * Runs an activity's work and lets no foreign error into a history: a database error quotes rows. The log gets it, redacted; the
 * history gets a code. A refusal is final; everything else is worth another try, until the time for all tries is over.
 */
export async function shielded<T>(logger: Logger, fields: LogFields, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof ApplicationFailure) throw error
    if (error instanceof Refusal) throw ApplicationFailure.nonRetryable(error.code, error.code)
    logger.warn({ err: error, ...fields }, 'an activity failed')
    const failure = { message: 'the record did not answer', type: 'RECORD_FAILED' }
    throw ApplicationFailure.create({ ...failure, nonRetryable: isTimeForTriesOver() })
  }
}

/** A try that would begin later than this before the end is not made. */
const LAST_TRY_MS = 1_000

/** The SDK goes on retrying a local activity that fails quickly, past its schedule-to-close timeout, so the end is kept here. */
function isTimeForTriesOver(): boolean {
  const info = asyncLocalStorage.getStore()?.info
  if (!info?.isLocal) return false
  return Date.now() - info.scheduledTimestampMs >= info.scheduleToCloseTimeoutMs - LAST_TRY_MS
}
