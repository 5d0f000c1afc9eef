import { formOf, startFake, type FakeVendor, type Reply } from './vendor'

/** The SMS API of Africa's Talking. */
export async function startFakeAfricasTalking(): Promise<FakeVendor> {
  let taken = 0
  return startFake((request, mood) => {
    if (request.path !== '/version1/messaging') return { status: 404, body: {} }
    const { to } = formOf(request)
    if (mood === 'number refused')
      return sent({ statusCode: 403, number: to, status: 'InvalidPhoneNumber', cost: '0', messageId: 'None' })
    if (mood !== 'accepts') return undefined
    const messageId = `ATXid_${++taken}`
    return sent({ statusCode: 101, number: to, status: 'Success', cost: 'KES 0.8000', messageId })
  })
}

const sent = (recipient: object): Reply => ({
  status: 201,
  body: { SMSMessageData: { Message: 'Sent to 1/1', Recipients: [recipient] } },
})
