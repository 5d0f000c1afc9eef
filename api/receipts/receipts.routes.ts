import { recordReceipts } from '../../acts/notices/record-receipts'
import { defineRoute, type Route } from '../route'
import { secretParams, vendorForm } from './receipts.schemas'
import { readAfricasTalkingReceipt, readTwilioReceipt } from './vendor-receipts'

const tags = ['Receipts']

const twilio = defineRoute({
  method: 'post',
  path: '/api/receipts/twilio/',
  permission: 'public',
  summary: 'A status callback of Twilio',
  description:
    'Signed by Twilio with the auth token over this address and the whole form. Taken any number of times, in any order, also for a message that is not known yet.',
  tags,
  form: true,
  signature: 'X-Twilio-Signature',
  body: vendorForm,
  errors: ['RECEIPT_FORGED'],
  example: { body: { MessageSid: 'SM0123456789abcdef0123456789abcdef', MessageStatus: 'delivered' } },
  async handler({ body: form, headers: { signature }, request: { url } }, deps) {
    await recordReceipts(deps.acts, readTwilioReceipt(deps, { url, form, signature }))
  },
})

const africasTalking = defineRoute({
  method: 'post',
  path: '/api/receipts/africas-talking/:secret/',
  permission: 'public',
  summary: 'A delivery report of Africa’s Talking',
  description:
    'This vendor signs nothing: the end of the address is a secret that it was told. Taken any number of times, in any order, also for a message that is not known yet.',
  tags,
  params: secretParams,
  form: true,
  body: vendorForm,
  errors: ['RECEIPT_FORGED', 'ROUTE_NOT_FOUND'],
  example: { body: { id: 'ATXid_0123456789abcdef', status: 'Success', phoneNumber: '+254700000000' } },
  async handler({ params: { secret }, body: form }, deps) {
    await recordReceipts(deps.acts, readAfricasTalkingReceipt(deps, { secret, form }))
  },
})

/** Where vendors tell what became of a message after they took it. */
export const receiptRoutes: readonly Route[] = [twilio, africasTalking]
