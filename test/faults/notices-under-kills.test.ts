import { acknowledgeNotice } from '../../acts/notices/read-notice'
import { insertNotices } from '../../db/inbox.repository'
import { nudge } from '../../db/nudge'
import { inTransaction } from '../../db/unit-of-work'
import { Vault } from '../../db/vault'
import { orderOf } from '../../domain/notice-plan'
import type { Role } from '../../domain/actors'
import type { NoticeCode, NoticeState } from '../../domain/notices'
import type { Channel } from '../../domain/policy'
import { newId } from '../../platform/ids'
import { addRecipient } from '../builders/recipients'
import { by } from '../builders/record'
import { expoPushOf, phoneOf, startEveryVendor, type EveryVendor } from '../fakes/every-vendor'
import type { Mood } from '../fakes/vendor'
import { eventually } from '../harness/eventually'
import { TestProduct } from '../harness/product'
import { seeded } from '../harness/random'
import { accept, each, equip, expectSound, openInstallation, reachOf, report, tell, times, type People } from './scenes'

/** The long run has 10,000. */
const NOTICES = Number(process.env['KESI_TEST_NOTICES'] ?? 300)
const SEED = Number(process.env['KESI_TEST_NOTICES_SEED'] ?? 7)
const IS_LONG = NOTICES > 1_000
const PER_SECOND = IS_LONG ? 20 : 40
/** How long a worker lives in the mean before it is killed. */
const LIVES_MS = IS_LONG ? 20_000 : 1_500
const KILLS_AT_LEAST = 3
/** A try that was cut is repeated after 40 s, a ladder waits half a minute; the long run may be behind by then. */
const SETTLED_WITHIN_MS = IS_LONG ? 600_000 : 120_000
/** Shares of the requests that a vendor answers with 500, and not at all. */
const BREAKS = 0.03
const HANGS = 0.01
const DEAD = 'dead-'
const REFUSED = '+2548'
/** Beyond those of the providers. */
const FIRST_NUMBER = 10_000_000
/** Offers are accepted, and notices read, so soon, in any moment of their sending. */
const ANSWERED_WITHIN_MS = 4_000

type Kind = {
  readonly code: NoticeCode
  readonly channels: readonly Channel[]
  readonly has?: 'dead device' | 'refused number'
  readonly then?: 'read'
}
const KINDS: readonly ('incident' | Kind)[] = [
  'incident',
  { code: 'account.test', channels: ['push', 'sms', 'email'] },
  { code: 'dispatch.drill', channels: ['push', 'sms', 'email'] },
  { code: 'assignment.made', channels: ['push'] },
  { code: 'assignment.nudge', channels: ['sms'] },
  { code: 'incident.updated', channels: ['email'] },
  { code: 'account.password_reset', channels: ['email'] },
  { code: 'assignment.made', channels: ['push', 'sms'], has: 'dead device' },
  { code: 'offer.made', channels: ['sms', 'email'], has: 'refused number' },
  { code: 'account.test', channels: ['push', 'sms', 'email'], then: 'read' },
]
/** So many at the beginning wait for a receipt that never comes: what a kill finds then is a timer. */
const LADDERS = NOTICES / 10

/** A notice, and what the record says of it by each channel. */
interface Told {
  readonly id: string
  readonly code: NoticeCode
  readonly role: Role
  readonly channels: readonly Channel[]
  /** Its matter ended, or it was read. */
  readonly is_settled: boolean
  readonly attempts: readonly {
    readonly channel: Channel
    readonly state: NoticeState
    readonly failure: string | null
    readonly tries: number
    /** By which it is known again at its vendor: the notice, or for an SMS the number. */
    readonly key: string
  }[]
}

/** A message that a vendor took. */
interface Taken {
  readonly vendor: string
  readonly key: string
}

let vendors: EveryVendor
let product: TestProduct
let people: People
let vault: Vault
const phones = new Map<string, string>()

beforeAll(async () => {
  vendors = await startEveryVendor()
  product = await TestProduct.start({ env: vendors.env })
  vault = new Vault(product.config.keyRing)
  people = await openInstallation(product, {})
  for (const [index, person] of [...people.providers.values()].entries()) {
    phones.set(person.id, reachOf(index).phone)
    await equip(product, person, reachOf(index))
  }
  makeMoody(seeded(SEED))
}, 120_000)
afterAll(async () => {
  await product?.stop()
  await vendors?.stop()
}, 30_000)

test(
  `${NOTICES} notices while the worker is killed -9 again and again: none is lost, and what is doubled was tried twice`,
  async () => {
    const kills = await killUntil(sendAll(seeded(SEED + 1)), seeded(SEED + 2))
    await eventually(async () => (await countUnsettled()) === 0, { withinMs: SETTLED_WITHIN_MS, everyMs: 250 })

    const notices = await readNotices()
    const taken = takenByVendors()
    tell(figuresOf(kills, notices, taken))
    const attempts = notices.flatMap(notice => notice.attempts)
    const times = tally(taken.map(({ key }) => key))
    const tries = sum(attempts.map(({ key, tries }) => [key, tries]))
    const saidTaken = tally(attempts.filter(wasTaken).map(({ key }) => key))
    expect({
      lost: notices.filter(isLost),
      saidTakenAndWasNot: [...saidTaken].filter(([key, count]) => (times.get(key) ?? 0) < count),
      takenMoreOftenThanTried: [...times].filter(([key, count]) => count > (tries.get(key) ?? 0)),
    }).toEqual({ lost: [], saidTakenAndWasNot: [], takenMoreOftenThanTried: [] })
    // A mail server or a reader drops the second by its Message-ID.
    const mails = new Map(vendors.mail.got.map(({ to, messageId }) => [to, messageId]))
    expect(vendors.mail.got.filter(({ to, messageId }) => mails.get(to) !== messageId)).toEqual([])
    expect(kills).toBeGreaterThanOrEqual(KILLS_AT_LEAST)
    await expectSound(product)
  },
  IS_LONG ? 3_600_000 : 240_000,
)

/** Now and then a vendor answers 500 or nothing; some devices and numbers are dead. */
function makeMoody(random: () => number): void {
  const draw = (): Mood => {
    const drawn = random()
    return drawn < BREAKS ? 'breaks' : drawn < BREAKS + HANGS ? 'hangs' : 'accepts'
  }
  const { expo, twilio, africasTalking, mail } = vendors
  expo.whim = request => (expoPushOf(request).token?.includes(DEAD) ? 'device gone' : draw())
  for (const sms of [twilio, africasTalking])
    sms.whim = request => (phoneOf(request).startsWith(REFUSED) ? 'number refused' : draw())
  mail.whim = draw
}

/** Sends the notices at a steady pace, of all kinds in turn. */
async function sendAll(random: () => number): Promise<void> {
  const began = performance.now()
  await each(
    times(NOTICES),
    async index => {
      await wait(began + (index * 1000) / PER_SECOND - performance.now())
      const kind = KINDS[index % KINDS.length] ?? 'incident'
      const answeredAfterMs = random() * ANSWERED_WITHIN_MS
      if (kind === 'incident') return offerAndAccept(answeredAfterMs)
      const isLadder = kind.code === 'assignment.made' && index < LADDERS
      await send(isLadder ? { ...kind, channels: ['push', 'sms'] } : kind, index, answeredAfterMs)
    },
    PER_SECOND * 10,
  )
}

async function offerAndAccept(afterMs: number): Promise<void> {
  const { id } = await report(product, people.survivor)
  await wait(afterMs)
  await accept(product, people, id)
}

/** Each notice has a recipient of its own, by whose addresses it is known again. */
async function send({ code, channels, has, then }: Kind, index: number, answeredAfterMs: number): Promise<void> {
  const { db } = product
  const id = newId()
  const phone = `${has === 'refused number' ? REFUSED : '+2547'}${String(FIRST_NUMBER + index)}`
  const recipientId = await addRecipient(
    { db, vault },
    {
      role: 'provider',
      phone,
      email: `${id}@example.org`,
      devices: [{ type: 'android', token: `ExponentPushToken[${has === 'dead device' ? DEAD : ''}${id}]` }],
    },
  )
  phones.set(recipientId, phone)
  await inTransaction(db, trx => insertNotices(trx, { code, channels, recipients: [{ id, recipientId }], send: true }))
  nudge(db)
  if (then !== 'read') return
  await wait(answeredAfterMs)
  await acknowledgeNotice({ db }, id, by('provider', recipientId), 'read')
}

/** Kills the worker at moments drawn from `random` and starts it again, until the work is done; answers how often. */
async function killUntil(work: Promise<void>, random: () => number): Promise<number> {
  let isDone = false
  void work.then(
    () => (isDone = true),
    () => (isDone = true),
  )
  let kills = 0
  while (!isDone || kills < KILLS_AT_LEAST) {
    await wait(LIVES_MS * (0.5 + random()))
    await product.worker.end('SIGKILL')
    kills += 1
    await product.startWorker()
  }
  await work
  return kills
}

const wait = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, Math.max(0, ms)))

/** Notices that are still to be looked at, and attempts of which nobody knows the end. */
async function countUnsettled(): Promise<number> {
  const { rows } = await product.db.raw<{ rows: [{ count: number }] }>(
    `select (select count(*) from notices where send_after is not null)
       + (select count(*) from notice_attempts where state = 'queued') as count`,
  )
  return Number(rows[0].count)
}

async function readNotices(): Promise<Told[]> {
  const { rows } = await product.db.raw<{ rows: (Told & { readonly recipient_id: string })[] }>(
    `select n.id, n.recipient_id, n.code, n.channels, u.role, n.read_at is not null or n.withdrawn_at is not null as is_settled,
       coalesce((select json_agg(json_build_object('channel', a.channel, 'state', a.state, 'failure', a.failure, 'tries', a.tries))
         from notice_attempts a where a.notice_id = n.id), '[]') as attempts
     from notices n join users u on u.id = n.recipient_id`,
  )
  const keyOf = (notice: string, recipient: string, channel: Channel): string =>
    channel === 'sms' ? (phones.get(recipient) ?? '') : `${channel} ${notice}`
  return rows.map(({ recipient_id, ...notice }) => ({
    ...notice,
    attempts: notice.attempts.map(each => ({ ...each, key: keyOf(notice.id, recipient_id, each.channel) })),
  }))
}

/** Everything that vendors took, each in its order. */
function takenByVendors(): Taken[] {
  const { expo, twilio, africasTalking, mail } = vendors
  const isTaken = ({ mood }: { readonly mood: Mood }): boolean => mood === 'accepts'
  return [
    ...expo.got.filter(isTaken).map(got => ({ vendor: 'Expo', key: `push ${expoPushOf(got).notice}` })),
    ...twilio.got.filter(isTaken).map(got => ({ vendor: 'Twilio', key: phoneOf(got) })),
    ...africasTalking.got.filter(isTaken).map(got => ({ vendor: "Africa's Talking", key: phoneOf(got) })),
    ...mail.got
      .filter(isTaken)
      .map(({ messageId }) => ({ vendor: 'SMTP', key: `email ${messageId.replace(/^<(.*)@kesi>$/, '$1')}` })),
  ]
}

const TAKEN: readonly NoticeState[] = ['handed_over', 'unknown', 'delivered', 'read']
const wasTaken = ({ state }: Told['attempts'][number]): boolean => TAKEN.includes(state)

/** Is there a channel of which nothing is known, although the matter has not ended? Survivors who said nothing have none (S2). */
function isLost({ code, role, channels, is_settled, attempts }: Told): boolean {
  if (is_settled || role === 'survivor') return false
  const isKnown = (channel: Channel): boolean =>
    attempts.some(each => each.channel === channel && (wasTaken(each) || isFailed(each)))
  return orderOf(code) === 'ladder' && attempts.some(wasTaken) ? false : !channels.every(isKnown)
}

const isFailed = ({ state, failure }: Told['attempts'][number]): boolean => state === 'failed' && failure !== null

const tally = (keys: readonly string[]): Map<string, number> => sum(keys.map(key => [key, 1]))

function sum(counts: readonly (readonly [string, number])[]): Map<string, number> {
  const sums = new Map<string, number>()
  for (const [key, count] of counts) sums.set(key, (sums.get(key) ?? 0) + count)
  return sums
}

function figuresOf(kills: number, notices: readonly Told[], taken: readonly Taken[]): string {
  const attempts = notices.flatMap(notice => notice.attempts)
  const wanted = tally(attempts.map(({ key }) => key))
  const seen = new Map<string, number>()
  const doubles = new Map(['Expo', 'Twilio', "Africa's Talking", 'SMTP'].map(vendor => [vendor, 0]))
  for (const { vendor, key } of taken) {
    seen.set(key, (seen.get(key) ?? 0) + 1)
    if ((seen.get(key) ?? 0) > Math.max(1, wanted.get(key) ?? 1)) doubles.set(vendor, (doubles.get(vendor) ?? 0) + 1)
  }
  const { expo, twilio, africasTalking, mail } = vendors
  const asked = [...expo.got, ...twilio.got, ...africasTalking.got, ...mail.got]
  const withMood = (mood: Mood): number => asked.filter(got => got.mood === mood).length
  return (
    `faults (worker killed -9 ${kills} times, seed ${SEED}): ${notices.length} notices, ${notices.filter(isLost).length} lost; ` +
    `${notices.filter(each => each.is_settled).length} withdrawn or read, ${attempts.filter(wasTaken).length} messages taken, ` +
    `${attempts.filter(isFailed).length} failed with a reason; vendors asked ${asked.length} times, ${withMood('breaks')} times broken, ` +
    `${withMood('hangs')} times silent; doubles: ${[...doubles].map(([vendor, count]) => `${vendor} ${count}`).join(', ')}`
  )
}
