import type { FcmOptions } from '../../adapters/push/fcm-push'
import { makeCertificate } from './certificate'
import { startFake, type FakeVendor, type Reply } from './vendor'

const PROJECT = 'kesi-test'
const NO_KEY = 'the fake asks for none'

/** Firebase's messages:send, over TLS and HTTP/1.1 like the real one; give `options` to `createFcmPush`. */
export async function startFakeFcm(): Promise<FakeVendor & { readonly options: FcmOptions }> {
  const tls = makeCertificate('fcm.googleapis.com')
  let taken = 0
  const fake = await startFake((_request, mood) => {
    if (mood === 'device gone') return refused(404, 'NOT_FOUND', 'UNREGISTERED')
    if (mood === 'number refused') return refused(400, 'INVALID_ARGUMENT', 'INVALID_ARGUMENT')
    if (mood === 'is busy') return refused(429, 'RESOURCE_EXHAUSTED', 'QUOTA_EXCEEDED')
    if (mood !== 'accepts') return undefined
    return { status: 200, body: { name: `projects/${PROJECT}/messages/${++taken}` } }
  }, tls)
  return Object.assign(fake, {
    options: {
      account: { projectId: PROJECT, clientEmail: 'push@example.org', privateKey: NO_KEY },
      credential: { getAccessToken: async () => ({ access_token: 'fake', expires_in: 3_600 }) },
      connection: { host: '127.0.0.1', port: fake.port, ca: tls.cert },
    },
  })
}

function refused(status: number, word: string, errorCode: string): Reply {
  const details = [{ '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError', errorCode }]
  return {
    status,
    body: { error: { code: status, status: word, message: 'Something about the token of amina', details } },
  }
}
