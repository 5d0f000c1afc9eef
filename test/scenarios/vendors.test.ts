import { each, equip, expectSound, reachOf, report, tell, times, usePolicy, type Reach } from '../faults/scenes'
import { expoPushOf, phoneOf, startEveryVendor, type EveryVendor } from '../fakes/every-vendor'
import type { Got } from '../fakes/vendor'
import type { Someone } from '../harness/api'
import { eventually } from '../harness/eventually'
import { TestProduct } from '../harness/product'

const TEXTED = 20
const TEXTED_EVERY_MS = 400
/** Whoever was asked counts on this: a push that nobody confirms is followed by an SMS. */
const SMS_WITHIN_MS = 60_000
/** Long after the SMS would have left. */
const SILENT_FOR_MS = 45_000
const SWITCHED_WITHIN_MS = 30_000

let vendors: EveryVendor
let product: TestProduct
let survivor: Someone
const asked = new Map<string, { readonly person: Someone; readonly reach: Reach }>()
/** Each takes its time, most of which is waiting, so they run side by side. */
let scenes: {
  readonly silent: Promise<number>
  readonly accepted: Promise<readonly Got[]>
  readonly outage: Promise<Outage>
}

beforeAll(async () => {
  vendors = await startEveryVendor()
  product = await TestProduct.start({ env: vendors.env })
  await usePolicy(product, {})
  survivor = await product.someone('survivor')
  const texted = await each(times(TEXTED), async index => {
    const texted = { person: await product.someone('provider'), reach: reachOf(100 + index) }
    await equip(product, texted.person, texted.reach)
    return texted
  })
  // One case each, so that the two offers are to two people.
  for (const [index, person] of [...(await product.providers(2, { capacity: 1 })).values()].entries()) {
    asked.set(person.id, { person, reach: reachOf(index) })
    await equip(product, person, reachOf(index))
  }
  scenes = { silent: neverDelivered(), accepted: acceptedAfterPush(), outage: twilioAway(texted) }
  for (const scene of Object.values(scenes)) scene.catch(() => undefined)
}, 120_000)
afterAll(async () => {
  await product?.stop()
  await vendors?.stop()
}, 30_000)

test('a push that is taken and never delivered is followed by an SMS within a minute (G3)', async () => {
  const ms = await scenes.silent
  tell(`vendors (push taken, never delivered): the SMS left ${(ms / 1000).toFixed(1)} s after the push`)
  expect(ms).toBeLessThanOrEqual(SMS_WITHIN_MS)
}, 120_000)

test('an offer that is accepted after the push is followed by nothing (G3, I4)', async () => {
  expect(await scenes.accepted).toEqual([])
}, 120_000)

test('a vendor of SMS that fails is left out at once and used again when it is back; nothing is lost', async () => {
  const { arrived, reachedTwilio, backAfterMs, after } = await scenes.outage
  const slowest = Math.max(...arrived.map(({ ms }) => ms))
  tell(
    `vendors (Twilio answers 500): ${arrived.length} of ${TEXTED} SMS by Africa's Talking, the slowest after ` +
      `${(slowest / 1000).toFixed(1)} s, ${reachedTwilio} tried at Twilio before; back, it took the first after ${(backAfterMs / 1000).toFixed(1)} s`,
  )
  expect(arrived.map(({ times }) => times)).toEqual(Array(TEXTED).fill(1))
  expect(slowest).toBeLessThanOrEqual(SWITCHED_WITHIN_MS)
  expect(reachedTwilio).toBeGreaterThan(0)
  // It was left out: others were never tried there.
  expect(reachedTwilio).toBeLessThan(TEXTED)
  expect(backAfterMs).toBeLessThanOrEqual(SWITCHED_WITHIN_MS)
  expect(after).toEqual(['twilio', 'twilio', 'twilio'])
  await expectSound(product)
}, 120_000)

/** Milliseconds from the push of an offer to its SMS. */
async function neverDelivered(): Promise<number> {
  const { push, reach } = await offered()
  const [sms] = await eventually(async () => smsTo(reach).length > 0 && smsTo(reach), {
    withinMs: SMS_WITHIN_MS + 10_000,
    everyMs: 100,
  })
  return (sms?.at ?? NaN) - push.at
}

/** The SMS about an offer that was accepted as soon as its push was there. */
async function acceptedAfterPush(): Promise<readonly Got[]> {
  const { id, push, person, reach } = await offered()
  await product.ask('POST', `/api/incidents/${id}/accept/`, { token: person.access, body: {} }, 200)
  await eventually(async () => performance.now() - push.at > SILENT_FOR_MS, {
    withinMs: SILENT_FOR_MS + 10_000,
    everyMs: 100,
  })
  return smsTo(reach)
}

/** An urgent report, whom it is offered to, and the push that tells them. */
async function offered() {
  const { id } = await report(product, survivor)
  const notice = await product
    .db('notices')
    .where({ incident_id: id, code: 'offer.made' })
    .first<{ id: string; recipient_id: string }>('id', 'recipient_id')
  const provider = asked.get(notice.recipient_id)
  if (!provider) throw new Error('the offer is to a stranger')
  const push = await eventually(async () => vendors.expo.got.find(got => expoPushOf(got).notice === notice.id), {
    withinMs: SWITCHED_WITHIN_MS,
  })
  return { id, push, ...provider }
}

const smsTo = ({ phone }: Reach): Got[] =>
  [...vendors.twilio.got, ...vendors.africasTalking.got].filter(got => got.mood === 'accepts' && phoneOf(got) === phone)

interface Outage {
  /** Each SMS of the outage: how often it arrived, and when first after it was asked for. */
  readonly arrived: readonly { readonly times: number; readonly ms: number }[]
  readonly reachedTwilio: number
  readonly backAfterMs: number
  /** Who took what was sent then. */
  readonly after: readonly string[]
}

async function twilioAway(people: readonly { readonly person: Someone; readonly reach: Reach }[]): Promise<Outage> {
  const { twilio, africasTalking } = vendors
  const someone = (index: number) => people[index % people.length] as (typeof people)[number]
  twilio.mood = 'breaks'
  const arrived = await Promise.all(
    people.map(async ({ person, reach }, index) => {
      await new Promise(resolve => setTimeout(resolve, index * TEXTED_EVERY_MS))
      const sentAt = await text(person)
      const [sms] = await eventually(async () => smsTo(reach).length > 0 && smsTo(reach), {
        withinMs: SWITCHED_WITHIN_MS + 10_000,
      })
      return { reach, ms: (sms?.at ?? NaN) - sentAt }
    }),
  )
  const ofTexted = (got: Got): boolean => people.some(({ reach }) => reach.phone === phoneOf(got))
  const reachedTwilio = twilio.got.filter(ofTexted).length
  const counted = arrived.map(({ reach, ms }) => ({ ms, times: africasTalking.got.filter(isSmsTo(reach)).length }))

  twilio.mood = 'accepts'
  const backAt = performance.now()
  // A vendor that is left out is tried by a message: it takes one that somebody wants to send.
  let sent = 0
  const first = await eventually(
    async () => {
      const { person, reach } = someone(sent++)
      const before = smsTo(reach).length
      await text(person)
      await eventually(async () => smsTo(reach).length > before, { withinMs: SWITCHED_WITHIN_MS })
      return twilio.got.find(got => got.mood === 'accepts' && ofTexted(got))
    },
    { withinMs: SWITCHED_WITHIN_MS + 10_000, everyMs: 1_000 },
  )
  const after = await Promise.all(
    times(3).map(async index => {
      const { person, reach } = someone(sent + index)
      const [before, beforeAtTwilio] = [smsTo(reach).length, twilio.got.filter(isSmsTo(reach)).length]
      await text(person)
      await eventually(async () => smsTo(reach).length > before, { withinMs: SWITCHED_WITHIN_MS })
      return twilio.got.filter(isSmsTo(reach)).length > beforeAtTwilio ? 'twilio' : 'africas-talking'
    }),
  )
  return { arrived: counted, reachedTwilio, backAfterMs: first.at - backAt, after }
}

const isSmsTo =
  ({ phone }: Reach) =>
  (got: Got): boolean =>
    got.mood === 'accepts' && phoneOf(got) === phone

/** Has somebody send themselves an SMS; answers when that was asked for. */
async function text({ access: token }: Someone): Promise<number> {
  const at = performance.now()
  await product.ask('POST', '/api/notices/test/', { token, body: { channels: ['sms'] } }, 202)
  return at
}
