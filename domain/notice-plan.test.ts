import fc from 'fast-check'
import { ROLES } from './actors'
import { CONTACT_CHANNELS } from './contact-safety'
import { holds, localMinutes } from './local-time'
import {
  backOffMs,
  CALM,
  GIVE_UP_MS,
  orderOf,
  PATIENCE_MS,
  planOf,
  priorityOf,
  STATES_BY_RANK,
  TRY_MS,
  type AttemptFacts,
  type NoticeFacts,
  type NoticePlan,
} from './notice-plan'
import { NOTICE_STATES, NOTICES, type NoticeCode, type NoticeState } from './notices'
import { CHANNELS, type Channel } from './policy'
import { EVERY_CHANNEL } from './preferences'

const SECOND = 1_000
const MINUTE = 60 * SECOND
/** Noon in Nairobi. */
const NOON = Date.parse('2026-11-21T09:00:00Z')
const AFTERNOON = { from: '13:00', to: '15:00' }
const ALL: ReadonlySet<Channel> = new Set(CHANNELS)

type Facets = Partial<Omit<NoticeFacts, 'recipient'>> & { readonly recipient?: Partial<NoticeFacts['recipient']> }

function facts({ recipient, ...more }: Facets = {}): NoticeFacts {
  const code = more.code ?? 'offer.made'
  return {
    code,
    channels: NOTICES[code].channels,
    created_at: NOON,
    isSettled: false,
    expires_at: null,
    contactSafety: null,
    attempts: [],
    recentSends: [],
    now: NOON,
    timeZone: 'Africa/Nairobi',
    configured: ALL,
    ...more,
    recipient: { role: 'provider', isActive: true, preferences: undefined, addresses: ALL, ...recipient },
  }
}

const attempt = (channel: Channel, state: NoticeState, more: Partial<AttemptFacts> = {}): AttemptFacts => ({
  channel,
  state,
  at: NOON,
  handed_over_at: state === 'queued' ? null : NOON,
  leased_until: null,
  ...more,
})

/** A plan in a line: `push unknown, then send sms`. */
function told({ over, next }: NoticePlan): string {
  const end =
    next.kind === 'send'
      ? `send ${next.channels.join(' ')}`
      : next.kind === 'wait'
        ? `wait ${(next.until - NOON) / SECOND} s: ${next.why}`
        : `done: ${next.why}`
  return [...over.map(({ channel, state, failure }) => [channel, state, failure].filter(Boolean).join(' ')), end].join(
    ', ',
  )
}

const survivor = { role: 'survivor' as const, preferences: EVERY_CHANNEL }
const later = (ms: number) => ({ now: NOON + ms })
const tried = { leased_until: NOON + 2 * SECOND }

describe('a ladder', () => {
  const push = attempt('push', 'handed_over')
  test.each<[string, Facets, string]>([
    ['begins with its first channel', {}, 'send push'],
    ['waits for the receipt', { attempts: [push] }, 'wait 30 s: receipt_awaited'],
    ['moves on when it is missing', { attempts: [push], ...later(PATIENCE_MS.push) }, 'push unknown, send sms'],
    ['moves on when it is bad', { attempts: [attempt('push', 'failed')] }, 'send sms'],
    [
      'moves on to the last channel',
      { attempts: [attempt('push', 'unknown'), attempt('sms', 'failed')] },
      'send email',
    ],
    ['ends when the vendor has delivered', { attempts: [attempt('push', 'delivered')] }, 'done: arrived'],
    [
      'ends when a receipt comes late',
      { attempts: [attempt('push', 'read'), attempt('sms', 'queued', tried)] },
      'sms withdrawn, done: arrived',
    ],
    [
      'ends with the last channel that has an address',
      { attempts: [push], recipient: { addresses: new Set(['push']) } },
      'done: handed_over',
    ],
    [
      'passes over a channel without address',
      { recipient: { addresses: new Set(['email']) } },
      'push failed NO_ADDRESS, sms failed NO_ADDRESS, send email',
    ],
    ['and over one without vendor', { configured: new Set(['sms']) }, 'send sms'],
    [
      'ends when nothing is left',
      { attempts: CHANNELS.map(channel => attempt(channel, 'failed')) },
      'done: no_channel_left',
    ],
    ['never goes back', { attempts: [attempt('sms', 'failed')] }, 'send email'],
    [
      'waits for a try under way',
      { attempts: [attempt('push', 'queued', { leased_until: NOON + TRY_MS })] },
      'wait 40 s: try_under_way',
    ],
    ['repeats a try that failed', { attempts: [attempt('push', 'queued', tried)], ...later(2 * SECOND) }, 'send push'],
    [
      'leaves a vendor that fails for as long as it would wait for a receipt',
      { attempts: [attempt('push', 'queued', { leased_until: NOON + 30 * SECOND })], ...later(MINUTE) },
      'push failed, send sms',
    ],
    [
      'stays with the last one',
      { attempts: [attempt('email', 'queued', { leased_until: NOON + 14 * MINUTE })], ...later(14 * MINUTE) },
      'send email',
    ],
    [
      'but not for ever',
      { attempts: [attempt('email', 'queued', { leased_until: NOON + GIVE_UP_MS })], ...later(GIVE_UP_MS) },
      'email failed, done: no_channel_left',
    ],
    ['says nothing that is over', { expires_at: NOON }, 'done: expired'],
    [
      'ends with its matter',
      { isSettled: true, attempts: [push, attempt('sms', 'queued')] },
      'sms withdrawn, done: settled',
    ],
    ['is not for who may not sign in', { recipient: { isActive: false } }, 'done: not_active'],
  ])('%s', (_, facets, expected) => {
    expect(told(planOf(facts(facets)))).toBe(expected)
  })
})

test.each<[string, Facets, string]>([
  ['leaves by all at once', {}, 'send push sms email'],
  ['each to its own end', { attempts: [attempt('push', 'delivered'), attempt('sms', 'failed')] }, 'send email'],
  [
    'and is repeated where a vendor failed',
    { attempts: [attempt('push', 'handed_over'), attempt('sms', 'queued', tried), attempt('email', 'handed_over')] },
    'wait 2 s: try_under_way',
  ],
  [
    'until it was read',
    { attempts: [attempt('push', 'read'), attempt('sms', 'queued', tried)] },
    'sms withdrawn, done: arrived',
  ],
])('what goes together %s', (_, facets, expected) => {
  expect(told(planOf(facts({ code: 'dispatch.drill', ...facets })))).toBe(expected)
})

describe('a survivor (S2)', () => {
  const news = { code: 'incident.updated' as const }
  const quiet = { ...EVERY_CHANNEL, quiet: { from: '11:00', to: '14:00' } }
  test.each<[string, Facets, string]>([
    ['gets nothing before they said how', { recipient: { role: 'survivor' } }, 'done: no_consent'],
    [
      'gets the link that they asked for',
      { code: 'account.password_reset', recipient: { role: 'survivor' } },
      'send email',
    ],
    [
      'also in quiet hours',
      { code: 'account.password_reset', recipient: { ...survivor, preferences: quiet } },
      'send email',
    ],
    [
      'gets it by what they allowed',
      { recipient: { ...survivor, preferences: { ...EVERY_CHANNEL, push: false } } },
      'send sms',
    ],
    ['about this case only as they wish', { recipient: survivor, contactSafety: { channel: 'sms' } }, 'send sms'],
    [
      'and never by what they did not allow',
      { recipient: { ...survivor, preferences: { ...EVERY_CHANNEL, sms: false } }, contactSafety: { channel: 'sms' } },
      'done: no_channel_left',
    ],
    [
      'nothing at all if they wish',
      { recipient: survivor, contactSafety: { channel: 'none' } },
      'done: no_channel_left',
    ],
    [
      'nothing when they want a call',
      { recipient: survivor, contactSafety: { channel: 'call' } },
      'done: no_channel_left',
    ],
    [
      'waits for the hours of the case',
      { recipient: survivor, contactSafety: { hours: AFTERNOON } },
      'wait 3600 s: hours_awaited',
    ],
    [
      'waits for the end of quiet hours',
      { recipient: { ...survivor, preferences: quiet } },
      'wait 7200 s: hours_awaited',
    ],
    [
      'by their own clock',
      { recipient: { ...survivor, preferences: { ...quiet, time_zone: 'Asia/Kolkata' } } },
      'send push',
    ],
    [
      'gets nothing where no hour is left',
      { recipient: { ...survivor, preferences: quiet }, contactSafety: { hours: { from: '12:00', to: '13:00' } } },
      'done: never_allowed',
    ],
  ])('%s', (_, facets, expected) => {
    expect(told(planOf(facts({ ...news, ...facets })))).toBe(expected)
  })
})

describe('staff and providers', () => {
  const preferences = { ...EVERY_CHANNEL, quiet: { from: '11:00', to: '14:00' }, digest: true }
  const recent = Array.from({ length: CALM.sends }, (_, index) => NOON - (index + 1) * MINUTE)
  test.each<[string, Facets, string]>([
    ['are woken in quiet hours by what is urgent', { recipient: { preferences } }, 'send push'],
    ['not by what may wait', { code: 'incident.updated', recipient: { preferences } }, 'wait 7200 s: hours_awaited'],
    [
      'get the low ones in the morning',
      { code: 'account.verified', recipient: { preferences: { ...preferences, quiet: null } } },
      'wait 72000 s: digest_awaited',
    ],
    [
      'unless they want each',
      { code: 'account.verified', recipient: { preferences: { ...preferences, quiet: null, digest: false } } },
      'send push',
    ],
    ['are not flooded', { code: 'incident.updated', recentSends: recent }, 'wait 240 s: calm_awaited'],
    ['but always told what is urgent', { recentSends: recent }, 'send push'],
    [
      'are told again when it was calm',
      { code: 'incident.updated', recentSends: recent, ...later(4 * MINUTE) },
      'send push',
    ],
  ])('%s', (_, facets, expected) => {
    expect(told(planOf(facts(facets)))).toBe(expected)
  })
})

test('the ranks name every state once', () => {
  expect([...STATES_BY_RANK].sort()).toEqual([...NOTICE_STATES].sort())
})

const anyFacts: fc.Arbitrary<NoticeFacts> = fc
  .record({
    code: fc.constantFrom(...(Object.keys(NOTICES) as NoticeCode[])),
    channels: fc.shuffledSubarray([...CHANNELS]),
    created_at: fc.integer({ min: NOON - 86_400_000, max: NOON }),
    isSettled: fc.boolean(),
    expires_at: fc.option(fc.integer({ min: NOON - MINUTE, max: NOON + MINUTE })),
    contactSafety: fc.option(
      fc.record({ channel: fc.constantFrom(...CONTACT_CHANNELS), hours: fc.constant(AFTERNOON) }, { requiredKeys: [] }),
    ),
    recentSends: fc
      .array(fc.integer({ min: 0, max: 20 }), { maxLength: 8 })
      .map(minutes => minutes.sort((a, b) => a - b).map(ago => NOON - ago * MINUTE)),
    configured: fc.subarray([...CHANNELS]).map(channels => new Set(channels)),
    recipient: fc.record({
      role: fc.constantFrom(...ROLES),
      isActive: fc.boolean(),
      addresses: fc.subarray([...CHANNELS]).map(channels => new Set(channels)),
      preferences: fc.option(
        fc.record({
          push: fc.boolean(),
          sms: fc.boolean(),
          email: fc.boolean(),
          quiet: fc.option(fc.constantFrom({ from: '11:00', to: '14:00' }, { from: '22:00', to: '06:00' })),
          time_zone: fc.option(fc.constantFrom('Asia/Kolkata', 'UTC')),
          digest: fc.boolean(),
        }),
        { nil: undefined },
      ),
    }),
  })
  .map(given => ({ ...facts(), ...given, attempts: [] }))

/** What may become of a message within the life of a notice. */
const OUTCOMES = ['refused', 'failed', 'lost', 'bad receipt', 'delivered'] as const
type Outcome = (typeof OUTCOMES)[number]

interface Life {
  readonly sends: { readonly channel: Channel; readonly at: number }[]
  readonly end: string
}

/** Lives a notice through: plan, send, wait, until it is done. */
function live(start: NoticeFacts, outcomes: readonly Outcome[]): Life {
  const attempts = new Map<Channel, AttemptFacts & { tries: number }>()
  const sends: Life['sends'] = []
  let { now } = start
  for (let turn = 0; turn < 400; turn++) {
    const { over, next } = planOf({ ...start, now, attempts: [...attempts.values()] })
    for (const { channel, state } of over) {
      const known = attempts.get(channel) ?? { ...attempt(channel, state), tries: 0 }
      attempts.set(channel, { ...known, state, at: now })
    }
    if (next.kind === 'done') return { sends, end: next.why }
    if (next.kind === 'wait') {
      expect(next.until).toBeGreaterThan(now)
      now = next.until
      continue
    }
    for (const channel of next.channels) {
      sends.push({ channel, at: now })
      const known = attempts.get(channel) ?? { ...attempt(channel, 'queued', { at: now }), tries: 0 }
      const tries = known.tries + 1
      const outcome = outcomes[sends.length % outcomes.length] ?? 'lost'
      if (outcome === 'failed') attempts.set(channel, { ...known, tries, leased_until: now + backOffMs(tries) })
      else {
        const state = (
          { refused: 'failed', 'bad receipt': 'failed', lost: 'handed_over', delivered: 'delivered' } as const
        )[outcome]
        attempts.set(channel, { ...known, tries, state, at: now, handed_over_at: outcome === 'refused' ? null : now })
      }
    }
  }
  throw new Error('it does not end')
}

const anyLife = fc.tuple(anyFacts, fc.array(fc.constantFrom(...OUTCOMES), { minLength: 1, maxLength: 6 }))

describe('whatever becomes of the messages', () => {
  const always = (check: (start: NoticeFacts, life: Life) => void): void =>
    fc.assert(
      fc.property(anyLife, ([start, outcomes]) => check(start, live(start, outcomes))),
      { numRuns: 1_000 },
    )

  test('it ends, and nothing leaves after it', () => {
    always((_, { end }) => expect(end).toBeTruthy())
  })

  test('nothing leaves by a channel that is not allowed, has no vendor, or has no address', () => {
    always(({ channels, configured, recipient, code }, { sends }) => {
      for (const { channel } of sends) {
        expect(channels.includes(channel) && configured.has(channel) && recipient.addresses.has(channel)).toBe(true)
        if (code !== 'account.password_reset') expect(recipient.preferences?.[channel]).not.toBe(false)
      }
    })
  })

  test('nothing leaves for a survivor without consent, outside the wish or the hours', () => {
    always(({ recipient, code, contactSafety, timeZone }, { sends }) => {
      if (recipient.role !== 'survivor' || code === 'account.password_reset') return
      if (!recipient.preferences) expect(sends).toEqual([])
      const wish = contactSafety?.channel
      for (const { channel, at } of sends) {
        if (wish)
          expect({ app: 'push', sms: 'sms', email: 'email', call: 'nothing', none: 'nothing' }[wish]).toBe(channel)
        const minute = localMinutes(at, recipient.preferences?.time_zone ?? timeZone)
        if (contactSafety?.hours) expect(holds(contactSafety.hours, minute)).toBe(true)
        if (recipient.preferences?.quiet) expect(holds(recipient.preferences.quiet, minute)).toBe(false)
      }
    })
  })

  test('a ladder goes down and never back, and never by two channels at once', () => {
    always(({ code, channels }, { sends }) => {
      if (orderOf(code) !== 'ladder') return
      const steps = sends.map(({ channel }) => channels.indexOf(channel))
      expect(steps).toEqual([...steps].sort((a, b) => a - b))
    })
  })

  test('nothing leaves once its matter is over, or it has expired', () => {
    always(({ isSettled, expires_at, recipient }, { sends }) => {
      if (isSettled || !recipient.isActive) expect(sends).toEqual([])
      for (const { at } of sends) expect(expires_at === null || at < expires_at).toBe(true)
    })
  })

  test('what is urgent for staff leaves at once, however many have left', () => {
    always(({ code, recipient, isSettled, expires_at, configured, channels }, { sends }) => {
      if (priorityOf(code) !== 'urgent' || recipient.role === 'survivor' || isSettled || !recipient.isActive) return
      if (expires_at !== null && expires_at <= NOON) return
      const wanted = recipient.preferences ?? EVERY_CHANNEL
      const isReachable = channels.some(
        channel =>
          configured.has(channel) &&
          recipient.addresses.has(channel) &&
          (wanted[channel] || code === 'account.password_reset'),
      )
      expect(sends[0]?.at).toBe(isReachable ? NOON : undefined)
    })
  })
})
