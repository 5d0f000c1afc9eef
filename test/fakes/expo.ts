import { jsonOf, startFake, type FakeVendor } from './vendor'

/** Expo's push API. It knows the receipts that a test puts into `receipts`, by ticket. */
export async function startFakeExpo(): Promise<FakeVendor & { readonly receipts: Map<string, object> }> {
  const receipts = new Map<string, object>()
  let taken = 0
  const fake = await startFake((request, mood) => {
    if (mood === 'device gone') return { status: 200, body: { data: expoError('DeviceNotRegistered') } }
    if (mood === 'number refused') return { status: 200, body: { data: expoError('MessageTooBig') } }
    if (mood !== 'accepts') return undefined
    if (request.path === '/--/api/v2/push/getReceipts') {
      const { ids } = jsonOf(request) as { ids: string[] }
      return { status: 200, body: { data: Object.fromEntries([...receipts].filter(([id]) => ids.includes(id))) } }
    }
    if (request.path !== '/--/api/v2/push/send') return { status: 404, body: {} }
    return { status: 200, body: { data: { status: 'ok', id: `ticket-${++taken}` } } }
  })
  return Object.assign(fake, { receipts })
}

/** An error ticket or receipt, with a sentence that must go nowhere. */
export const expoError = (error: string): object => ({
  status: 'error',
  message: '"ExponentPushToken[amina]" went wrong',
  details: { error },
})
