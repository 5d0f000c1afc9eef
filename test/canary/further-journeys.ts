import type { Journeys, Walker } from './journeys'
import { walkSockets, type Listeners } from './socket-journeys'

export interface Further {
  readonly survivor: Walker & { readonly password: string }
  readonly dispatcher: Walker
  readonly provider: Walker
}

/** What people do with accounts, devices, edits and messages: the fields that the first journeys do not touch. */
export async function walkFurther(journeys: Journeys, people: Further): Promise<void> {
  await secondFactors(journeys, people)
  await devices(journeys, people)
  await passwords(journeys, people)
}

async function secondFactors(journeys: Journeys, { dispatcher, survivor }: Further): Promise<void> {
  const { canaries } = journeys
  const { secret } = await journeys.say('POST', '/api/auth/totp/', dispatcher, { body: {}, wants: 200 })
  canaries.add('TOTP secret', String(secret))
  const otp = canaries.word('one-time code')
  await journeys.say('POST', '/api/auth/totp/confirm/', dispatcher, { body: { otp }, wants: 400 })
  await journeys.say('DELETE', '/api/auth/totp/', dispatcher, { body: { otp }, wants: 400 })
  const login = { email: canaries.email('log-in with a code'), password: canaries.word('password beside a code'), otp }
  await journeys.say('POST', '/api/auth/login/', null, { body: login, wants: 400 })

  const words = (what: string): string => canaries.word(`passkey ${what}`)
  const credential = { id: words('id'), rawId: words('raw id'), type: 'public-key' }
  const made = {
    ...{ clientDataJSON: words('client data'), attestationObject: words('attestation') },
    ...{ authenticatorData: words('authenticator'), transports: [words('transport')], publicKey: words('public key') },
  }
  const extensions = { clientExtensionResults: { note: words('extension') } }
  await journeys.say('POST', '/api/auth/passkeys/', survivor, {
    body: { ...credential, ...extensions, response: made },
    wants: 422,
  })
  const given = {
    ...{ clientDataJSON: words('client data of a log-in'), authenticatorData: words('authenticator of a log-in') },
    ...{ signature: words('signature'), userHandle: words('user handle') },
  }
  await journeys.say('POST', '/api/auth/login/passkey/', null, {
    body: { ...credential, ...extensions, response: given },
    wants: 401,
  })
}

async function devices(journeys: Journeys, { survivor }: Further): Promise<void> {
  const registration_token = journeys.canaries.word('device token')
  const body = { registration_token, device_type: 'android' }
  await journeys.say('POST', '/api/auth/devices/', survivor, { body, wants: 201 })
  await journeys.say('GET', '/api/auth/devices/', survivor, { wants: 200, unentitled: 'unentitled' })
}

/** Logs out of a phone that is given away: by its token, of which only a digest is looked for. */
export async function walkLogout(journeys: Journeys, by: Walker, refresh: string): Promise<void> {
  const registration_token = journeys.canaries.word('device token of a log-out')
  await journeys.say('POST', '/api/auth/logout/', by, { body: { refresh, registration_token }, wants: 204 })
}

async function passwords(journeys: Journeys, { survivor }: Further): Promise<void> {
  const { canaries } = journeys
  const new_password = `pw-${canaries.word('new password')}`
  const change = { current_password: survivor.password, new_password }
  await journeys.say('POST', '/api/auth/password/change/', survivor, { body: change, wants: 204 })
  for (const body of [{ email: canaries.email('reset e-mail') }, { username: canaries.word('reset user name') }])
    await journeys.say('POST', '/api/auth/password/reset/', null, { body, wants: 202 })
  const confirm = { token: canaries.word('reset token'), new_password: `pw-${canaries.word('password of a reset')}` }
  await journeys.say('POST', '/api/auth/password/reset/confirm/', null, { body: confirm, wants: 409 })
}

/** A conversation, with a file, while the incident is worked; who listens to it does so until the answered function is called. */
export async function walkMessages(
  journeys: Journeys,
  incident: string,
  people: Omit<Listeners, 'incident' | 'conversation'>,
): ReturnType<typeof walkSockets> {
  const { survivor, provider, stranger } = people
  const { product } = journeys
  const message = (planted: string): Record<string, string> => ({
    content: journeys.words(planted),
    client_id: journeys.canaries.word(`${planted} client id`),
  })
  const sent = await journeys.say('POST', '/api/messages/', survivor, {
    body: { incident, ...message('message') },
    wants: 201,
  })
  const conversation = String(sent.conversation_id)
  const file = `%PDF-1.4\n% ${journeys.words('words of a file')}\n%%EOF\n`
  const form = new FormData()
  form.append('file', new Blob([file], { type: 'application/pdf' }), `${journeys.canaries.word('file name')}.pdf`)
  const upload = await fetch(`http://127.0.0.1:${product.config.port}/api/messages/attachments/`, {
    method: 'POST',
    headers: { authorization: `Bearer ${provider.access}` },
    body: form,
  })
  if (upload.status !== 201) throw new Error(`the upload answered ${upload.status}: ${await upload.text()}`)
  const { id: attachment } = (await upload.json()) as { id: string }
  const answer = { conversation_id: conversation, message_type: 'file', attachment, ...message('answer') }
  await journeys.say('POST', '/api/messages/', provider, { body: answer, wants: 201 })
  const query = `?conversation_id=${conversation}`
  await journeys.say('GET', '/api/messages/', survivor, { query, wants: 200 })
  await journeys.say('GET', '/api/messages/', stranger, { query, wants: 404, unentitled: 'unentitled' })
  const silent = { wants: 200, unentitled: 'unentitled' } as const
  await journeys.say('GET', '/api/notices/', survivor, silent)
  return walkSockets(journeys, { ...people, incident, conversation })
}
