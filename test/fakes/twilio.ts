import { createHmac } from 'node:crypto'
import { startFake, type FakeVendor } from './vendor'

/** The messages API of Twilio. */
export async function startFakeTwilio(): Promise<FakeVendor> {
  let taken = 0
  return startFake((request, mood) => {
    if (!/^\/2010-04-01\/Accounts\/AC[^/]+\/Messages\.json$/.test(request.path)) return { status: 404, body: {} }
    if (mood === 'number refused')
      return { status: 400, body: { code: 21211, message: 'The number of amina is not valid', status: 400 } }
    if (mood !== 'accepts') return undefined
    return { status: 201, body: { sid: `SM${String(++taken).padStart(32, '0')}`, status: 'queued' } }
  })
}

/** Signs a callback as Twilio documents it: the address, then each name with its value, by name. */
export function signAsTwilio(url: string, form: Readonly<Record<string, string>>, authToken: string): string {
  const pairs = Object.entries(form).sort(([a], [b]) => (a < b ? -1 : 1))
  return createHmac('sha1', authToken)
    .update(url + pairs.map(pair => pair.join('')).join(''))
    .digest('base64')
}
