import { gbv } from '../../domain/case-types/gbv'
import { startWithPeople, type People } from '../../test/builders/people'
import type { Reply } from '../../test/harness/api'
import { newId } from '../../platform/ids'

let people: People
beforeAll(async () => {
  people = await startWithPeople()
})
afterAll(() => people.api.stop())

const RULES = gbv.policy
const add = (body: object, headers?: Record<string, string>): Promise<Reply> =>
  people.post('/api/dispatch/policies/', body, people.admin, headers)
const faults = (reply: Reply): string[] => reply.body.errors.map((each: { path: string }) => each.path).sort()

describe('policies/', () => {
  it('stores the next version; only with `activate` do new incidents get it', async () => {
    const fast = { ...RULES, offer: { ...RULES.offer, window_seconds: 2, search_seconds: 6 } }
    const stored = await add(fast)
    expect(stored.status).toBe(201)
    expect(stored.body).toMatchObject({ case_type: 'gbv', version: 2, active: false, rules: fast })
    const provider = await people.onlyProvider({ capacity: 9 })
    expect((await people.report()).offer.seconds_left).toBeGreaterThan(100)

    const active = await people.post(`/api/dispatch/policies/${stored.body.id}/activate/`, {}, people.admin)
    expect(active.body).toMatchObject({ id: stored.body.id, active: true })
    expect((await people.report()).offer.seconds_left).toBeLessThan(3)

    const next = await add({ ...RULES, activate: true })
    expect(next.body).toMatchObject({ version: 3, active: true })
    const { body } = await people.get('/api/dispatch/policies/', people.dispatcher)
    expect(body.results.filter((row: { case_type: string }) => row.case_type === 'gbv')).toMatchObject([
      { version: 3, active: true },
      { version: 2, active: false },
      { version: 1, active: false },
    ])
    expect(provider.id).toBeDefined()
  })

  it('counts versions without gaps when several are stored at once, under one key once', async () => {
    const before = (await people.get('/api/dispatch/policies/', people.admin)).body.count
    const replies = await Promise.all([add(RULES), add(RULES), add(RULES)])
    expect(new Set(replies.map(reply => reply.body.version)).size).toBe(3)
    const headers = { 'idempotency-key': newId() }
    const [first, second] = [await add(RULES, headers), await add(RULES, headers)]
    expect(second.body).toEqual(first.body)
    expect((await people.get('/api/dispatch/policies/', people.admin)).body.count).toBe(before + 4)
  })

  it('names every fault of the rules at once', async () => {
    const reply = await add({
      ...RULES,
      offer: {
        ...RULES.offer,
        window_seconds: 0,
        search_seconds: 1.5,
        provider_types: ['ambulance_crew', 'gbv_rescue'],
      },
      start: { nudge_seconds: 10, escalate_seconds: 10 },
      dispatch_ladder: [
        { after_seconds: 5, who: 'dispatchers_on_duty', channels: [] },
        { after_seconds: 5, who: 'dispatchers_on_duty', channels: ['push'] },
      ],
      auto_close_seconds: -1,
    })
    expect(reply.status).toBe(400)
    expect(faults(reply)).toEqual([
      'body.auto_close_seconds',
      'body.dispatch_ladder',
      'body.dispatch_ladder.0.channels',
      'body.dispatch_ladder.1.after_seconds',
      'body.offer.provider_types.0',
      'body.offer.search_seconds',
      'body.offer.window_seconds',
      'body.start.escalate_seconds',
    ])
  })

  it('names every fault of the form at once', async () => {
    const { review: _review, ...rest } = RULES
    const reply = await add({
      ...rest,
      recheck_seconds: 'soon',
      offer: { ...RULES.offer, mode: 'lottery', max_offers: 0 },
      more: 1,
    })
    expect(faults(reply)).toEqual([
      'body.more',
      'body.offer.max_offers',
      'body.offer.mode',
      'body.recheck_seconds',
      'body.review',
    ])
    expect(faults(await add({ ...RULES, case_type: 'weather' }))).toEqual(['body.case_type'])
  })

  it('is read by dispatch and written by administrators', async () => {
    expect((await people.post('/api/dispatch/policies/', RULES, people.dispatcher)).status).toBe(403)
    expect((await people.get('/api/dispatch/policies/', people.survivor)).status).toBe(403)
    const none = await people.post(`/api/dispatch/policies/${newId()}/activate/`, {}, people.admin)
    expect(none.body.code).toBe('POLICY_NOT_FOUND')
  })
})
