import { ApplicationFailure } from '@temporalio/common'
import { Refusal } from '../domain/refusals'
import type { LogFields, Logger } from '../platform/logger'

/**
 * Runs an activity's work and lets no foreign error into a history: a database error quotes rows. The log gets it, redacted; the
 * history gets a code. A refusal is final; everything else is worth another try.
 */
export async function shielded<T>(logger: Logger, fields: LogFields, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof ApplicationFailure) throw error
    if (error instanceof Refusal) throw ApplicationFailure.nonRetryable(error.code, error.code)
    logger.warn({ err: error, ...fields }, 'an activity failed and is tried again')
    throw ApplicationFailure.retryable('the record did not answer', 'RECORD_FAILED')
  }
}
