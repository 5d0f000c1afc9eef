import { circuitBreaker, ConsecutiveBreaker, handleWhenResult, isBrokenCircuitError } from 'cockatiel'
import type { Logger } from '../../platform/logger'
import type { SendResult, SmsPort } from '../ports'
import { isE164, NUMBER_INVALID } from './phone-number'

/** A vendor of SMS under the name that stands in the record. */
export interface SmsVendor {
  readonly name: string
  readonly sms: SmsPort
}

export interface CircuitRules {
  /** So many failures in a row, and a vendor is left out. */
  readonly failures: number
  /** After so many milliseconds one message is tried there again. */
  readonly probeAfterMs: number
}

const RULES: CircuitRules = { failures: 3, probeAfterMs: 15_000 }

const ALL_AWAY: SendResult = { state: 'failed', code: 'SMS_VENDORS_AWAY', permanent: false }

/**
 * The first vendor that takes the message, in the order given. One that has just failed again and again is left out until a probe goes
 * well. A number that one of them refuses for good is refused: it is not tried elsewhere, and is nobody's failure. Never throws.
 */
export function createSmsFailover(
  vendors: readonly SmsVendor[],
  { logger, rules = RULES }: { readonly logger: Logger; readonly rules?: CircuitRules },
): SmsPort {
  const guarded = vendors.map(({ name, sms }) => {
    const circuit = circuitBreaker(handleWhenResult(isFailure), {
      breaker: new ConsecutiveBreaker(rules.failures),
      halfOpenAfter: rules.probeAfterMs,
    })
    circuit.onBreak(() => logger.warn({ vendor: name }, 'a vendor of SMS fails and is left out'))
    circuit.onReset(() => logger.info({ vendor: name }, 'a vendor of SMS is used again'))
    return { sms, circuit }
  })
  return {
    async send(sms) {
      if (!isE164(sms.to)) return NUMBER_INVALID
      let last = ALL_AWAY
      for (const vendor of guarded) {
        const result = await vendor.circuit.execute(() => vendor.sms.send(sms)).catch(leftOut)
        if (result === undefined) continue
        if (!isFailure(result)) return result
        last = result
      }
      return last
    },
  }
}

const isFailure = (result: unknown): boolean => {
  const { state, permanent } = result as { state: SendResult['state']; permanent?: boolean }
  return state === 'failed' && !permanent
}

function leftOut(error: unknown): undefined {
  if (!isBrokenCircuitError(error)) throw error
}
