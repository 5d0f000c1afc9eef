import { createFcmPush } from '../../adapters/push/fcm-push'
import { createPushRouter } from '../../adapters/push/push-router'
import { stepNotice } from '../../activities/notice-step'
import { Vault } from '../../db/vault'
import { createLogger } from '../../platform/logger'
import { addNotice } from '../builders/recipients'
import { RecordingChannels } from '../fakes/recording-channels'
import { signAsTwilio } from '../fakes/twilio'
import { eventually } from '../harness/eventually'
import type { Journeys, Walker } from './journeys'
import { type Sender, VENDORS_WORDS } from './senders'

export interface Reached {
  readonly admin: Walker
  readonly dispatcher: Walker & { readonly name: Record<string, unknown> }
  readonly survivor: Walker
  readonly providers: readonly Walker[]
  readonly stranger: Walker
}

const SILENT = { wants: 200, unentitled: 'unentitled' } as const
const EVERY_CHANNEL = { push: true, sms: true, email: true }

/** Everybody says how they want to be reached, and by which devices: from here on notices leave. */
export async function walkAddresses(journeys: Journeys, people: Reached): Promise<void> {
  const { survivor, dispatcher, providers, stranger } = people
  const { canaries } = journeys
  const preferences = { ...EVERY_CHANNEL, time_zone: 'Africa/Nairobi' }
  await journeys.say('PUT', '/api/notices/preferences/', survivor, { body: preferences, wants: 200 })
  const edit = { digest: false }
  await journeys.say('PATCH', '/api/notices/preferences/', stranger, { body: edit, wants: 200 })
  await journeys.say('GET', '/api/notices/preferences/', survivor, SILENT)

  const device = (by: Walker, body: object) => journeys.say('POST', '/api/auth/devices/', by, { body, wants: 201 })
  for (const each of [survivor, stranger, ...providers]) {
    const registration_token = `ExponentPushToken[${canaries.word('device token')}]`
    await device(each, { registration_token, device_type: 'android' })
  }
  const { endpoint, keys } = JSON.parse(journeys.senders.browser.subscription) as Subscription
  canaries.add('key of a subscription', keys.p256dh)
  canaries.add('secret of a subscription', keys.auth)
  const subscription = { endpoint: endpoint.replace(/[^/]+$/, canaries.word('subscription endpoint')), keys }
  await device(dispatcher, { subscription })
  await journeys.say('GET', '/api/auth/devices/', dispatcher, SILENT)
  await journeys.say('GET', '/api/auth/devices/web-push-key/', dispatcher, SILENT)
}

interface Subscription {
  readonly endpoint: string
  readonly keys: { readonly p256dh: string; readonly auth: string }
}

/** Other systems are let in and told. */
export async function walkSystems(journeys: Journeys, { admin, dispatcher }: Reached): Promise<void> {
  await webhooks(journeys, admin)
  await apiKeys(journeys, admin, dispatcher)
}

async function webhooks(journeys: Journeys, admin: Walker): Promise<void> {
  const { canaries, senders } = journeys
  const { receiver } = senders
  const words = (): object => ({
    url: `${receiver.url}/${canaries.word('webhook url')}?key=${canaries.word('query of a webhook url')}`,
    description: journeys.words('webhook description'),
  })
  const made = await journeys.say('POST', '/api/webhooks/', admin, { body: words(), wants: 201 })
  canaries.add('webhook secret', String(made.secret))
  const params = { id: String(made.id) }
  const edit = { ...words(), version: 1 }
  await journeys.say('PATCH', '/api/webhooks/{id}/', admin, { params, body: edit, wants: 200 })
  const rotated = await journeys.say('POST', '/api/webhooks/{id}/rotate-secret/', admin, {
    params,
    body: {},
    wants: 200,
  })
  canaries.add('rotated webhook secret', String(rotated.secret))
  receiver.answers.push({ status: 500, body: journeys.words("a receiver's answer") })
  await journeys.say('POST', '/api/webhooks/{id}/test/', admin, { params, body: {}, wants: 202 })
  await journeys.caughtBy('webhook', 1)
  await journeys.say('GET', '/api/webhooks/{id}/deliveries/', admin, { params, ...SILENT })
  const hidden = { url: `http://${canaries.word('user in an address')}:x@example.org/`, description: 'x' }
  await journeys.say('POST', '/api/webhooks/', admin, { body: hidden, wants: 400 })
}

async function apiKeys(journeys: Journeys, admin: Walker, dispatcher: Walker): Promise<void> {
  const { canaries } = journeys
  const body = { name: 'hospital-desk', scopes: ['incident:list', 'dispatch:read'], user_id: dispatcher.id }
  const issued = await journeys.say('POST', '/api/api-keys/', admin, { body, wants: 201 })
  const params = { id: String(issued.id) }
  const rotated = await journeys.say('POST', '/api/api-keys/{id}/rotate/', admin, { params, body: {}, wants: 201 })
  for (const [planted, key] of Object.entries({ 'API key': issued.key, 'rotated API key': rotated.key })) {
    canaries.add(planted, String(key))
    canaries.add(`secret of the ${planted}`, String(key).split('_').slice(2).join('_'))
    await journeys.say('GET', '/api/incidents/', null, { headers: { 'x-api-key': String(key) }, ...SILENT })
  }
  const guessed = `kesi_0123456789_${canaries.word('guessed API key').padEnd(43, 'a')}`
  await journeys.say('GET', '/api/incidents/', null, { headers: { 'x-api-key': guessed }, wants: 401 })
  await journeys.say('GET', '/api/api-keys/', admin, SILENT)
  await journeys.say('GET', '/api/api-keys/{id}/usage/', admin, { params, ...SILENT })
}

/** Notices leave by every channel, are refused, and are acknowledged. */
export async function walkNotices(journeys: Journeys, people: Reached): Promise<void> {
  const { survivor, dispatcher, stranger } = people
  const { africasTalking, twilio, expo } = journeys.senders.fakes
  for (const words of VENDORS_WORDS) journeys.canaries.add("a vendor's own words", words)
  await tested(journeys, survivor, 'expo', 'africasTalking')
  africasTalking.mood = 'breaks'
  await tested(journeys, dispatcher, 'webPush', 'twilio', 'email')
  twilio.mood = 'number refused'
  expo.mood = 'device gone'
  await tested(journeys, stranger, 'expo', 'twilio', 'email')
  africasTalking.mood = twilio.mood = expo.mood = 'accepts'
  const { id } = await journeys.say('POST', '/api/dispatch/drills/', dispatcher, { body: {}, wants: 201 })
  await journeys.say('GET', '/api/dispatch/drills/', dispatcher, { wants: 200 })
  await journeys.say('GET', '/api/dispatch/drills/{id}/', dispatcher, { params: { id: String(id) }, wants: 200 })
  await receipts(journeys)
  await pushedByFirebase(journeys, survivor)
}

/** Somebody sends themselves a test by every channel, which these get. */
async function tested(journeys: Journeys, by: Walker, ...senders: Sender[]): Promise<void> {
  const before = journeys.senders.counts
  const { notice } = await journeys.say('POST', '/api/notices/test/', by, { body: {}, wants: 202 })
  for (const sender of senders) await journeys.caughtBy(sender, before[sender] + 1)
  const params = { id: String(notice.id) }
  await journeys.say('POST', '/api/notices/{id}/received/', by, { params, body: {}, ...SILENT })
  await journeys.say('POST', '/api/notices/{id}/read/', by, { params, body: {}, ...SILENT })
}

/** What vendors tell of a message repeats its number, and may say more. */
async function receipts(journeys: Journeys): Promise<void> {
  const { canaries, senders, product } = journeys
  const twilio = {
    MessageSid: `SM${'1'.padStart(32, '0')}`,
    MessageStatus: 'failed',
    To: canaries.phone('number in a receipt'),
    ErrorCode: canaries.word('code in a receipt'),
    ErrorMessage: journeys.words('words of a receipt'),
  }
  const path = '/api/receipts/twilio/'
  const signature = signAsTwilio(`${product.config.publicUrl}${path}`, twilio, senders.twilioToken)
  const signed = { 'x-twilio-signature': signature }
  await journeys.say('POST', path, null, { form: twilio, headers: signed, wants: 204 })
  const forged = { 'x-twilio-signature': canaries.word('forged signature') }
  await journeys.say('POST', path, null, { form: twilio, headers: forged, wants: 403 })
  const report = {
    id: 'ATXid_1',
    status: 'Failed',
    phoneNumber: canaries.phone('number in a report'),
    failureReason: canaries.word('reason in a report'),
  }
  const reports = '/api/receipts/africas-talking/{secret}/'
  await journeys.say('POST', reports, null, { params: { secret: senders.reportSecret }, form: report, wants: 204 })
  const guess = { secret: canaries.word('guessed end of an address') }
  await journeys.say('POST', reports, null, { params: guess, form: report, wants: 403 })
}

/** Firebase is at an address of its own, so this process hands the notice over; account and device are the product's. */
async function pushedByFirebase(journeys: Journeys, survivor: Walker): Promise<void> {
  const { product, senders, canaries } = journeys
  const fcm = createFcmPush(senders.fcm.options)
  const { db, config } = product
  const registration_token = canaries.word('device token')
  const device = { registration_token, device_type: 'ios' }
  await journeys.say('POST', '/api/auth/devices/', survivor, { body: device, wants: 201 })
  const channels = new RecordingChannels()
  const push = createPushRouter({ fcm, expo: undefined, webPush: undefined }, channels.push)
  const inAnHour = new Date(Date.now() + 3_600_000)
  const noticeId = await addNotice(db, survivor.id, { code: 'account.test', channels: ['push'], at: inAnHour })
  const deps = { db, vault: new Vault(config.keyRing), logger: createLogger({ level: 'silent', name: 'canary' }) }
  const sending = { channels: { ...channels, push, sms: channels.sms, email: channels.email }, timeTravel: false }
  await stepNotice({ ...deps, ...sending, publicUrl: config.publicUrl }, { noticeId, at: Date.now() })
  await fcm.close()
}

/** The token of the link is drawn when the mail leaves: it stands there, and nowhere else. */
export async function walkNewPassword(journeys: Journeys, dispatcher: Reached['dispatcher']): Promise<void> {
  const { canaries, senders } = journeys
  await journeys.say('POST', '/api/auth/password/reset/', null, { body: dispatcher.name, wants: 202 })
  const link = await eventually(
    async () => (await senders.caught()).map(({ address }) => /token=([\w-]+)/.exec(address)?.[1]).find(Boolean),
    { withinMs: 20_000, everyMs: 100 },
  )
  const token = canaries.add('token of a link', String(link))
  const new_password = `pw-${canaries.word('password by a link')}`
  await journeys.say('POST', '/api/auth/password/reset/confirm/', null, { body: { token, new_password }, wants: 204 })
}
