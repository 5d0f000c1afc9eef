import { readAfricasTalkingReport } from '../../adapters/sms/africas-talking'
import { readTwilioCallback, type TwilioCallback } from '../../adapters/sms/twilio'
import type { Receipt } from '../../domain/notices'
import { Refusal } from '../../domain/refusals'
import type { ApiDeps } from '../deps'

type Deps = Pick<ApiDeps, 'receiptSecrets'>

/** What Twilio says of a message; nothing while it is under way. Throws `RECEIPT_FORGED`. */
export function readTwilioReceipt({ receiptSecrets }: Deps, callback: TwilioCallback): Receipt[] {
  return genuine(readTwilioCallback(callback, receiptSecrets?.twilioAuthToken))
}

/** What Africa's Talking says of a message; nothing while it is under way. Throws `RECEIPT_FORGED`. */
export function readAfricasTalkingReceipt(
  { receiptSecrets }: Deps,
  report: Parameters<typeof readAfricasTalkingReport>[0],
): Receipt[] {
  return genuine(readAfricasTalkingReport(report, receiptSecrets?.africasTalkingReceiptSecret))
}

function genuine(read: Receipt | undefined | 'forged'): Receipt[] {
  if (read === 'forged') throw new Refusal('RECEIPT_FORGED')
  return read ? [read] : []
}
