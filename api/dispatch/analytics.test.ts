import { startWithPeople, type People } from '../../test/builders/people'
import { newId } from '../../platform/ids'

let people: People
beforeAll(async () => {
  people = await startWithPeople()
})
afterAll(() => people.api.stop())
beforeEach(() => people.api.database.db('incidents').delete())

const db = () => people.api.database.db
const read = async (query = '') => (await people.get(`/api/dispatch/analytics/${query}`, people.admin)).body
const DAY = '2026-03-10'

interface Life {
  readonly day?: string
  readonly urgency?: string
  readonly type?: string | null
  readonly region?: string | null
  readonly assignee?: string
  readonly outcome?: string
  readonly escalated?: true
  /** Seconds from the report to the first offer; the assignment, the start and the end follow by these. */
  readonly offer?: number
  readonly accept?: number
  readonly start?: number
  readonly complete?: number
}

/** So many incidents that went this way; the seconds of the first offer grow by one each. */
async function lived(count: number, life: Life = {}): Promise<void> {
  const { id: policy_id } = await db()('policies').where({ case_type: 'gbv', active: true }).first('id')
  for (let each = 0; each < count; each++) {
    const reported = Date.parse(`${life.day ?? DAY}T08:00:00Z`)
    const after = (...seconds: (number | undefined)[]) =>
      seconds.includes(undefined)
        ? null
        : new Date(reported + seconds.reduce<number>((sum, s) => sum + (s ?? 0), 0) * 1000)
    const offered = after(life.offer === undefined ? undefined : life.offer + each)
    const assigned = after(life.accept)
    const started = after(life.accept, life.start)
    const id = newId()
    await db()('incidents').insert({
      ...{ id, code: id, case_type: 'gbv', case_type_version: 1, policy_id, rev: 1, last_hash: '' },
      ...{ urgency: life.urgency ?? 'urgent', status: 'closed', outcome: life.outcome ?? null },
      ...{ incident_type: life.type ?? null, region: life.region ?? null, assignee_id: life.assignee ?? null },
      ...{ reported_at: after(), created_at: after(), updated_at: after(), last_event_at: after() },
      ...{ assigned_at: assigned, started_at: started, completed_at: after(life.accept, life.start, life.complete) },
    })
    if (offered)
      await db()('offers').insert({
        ...{ id: newId(), incident_id: id, provider_id: people.survivor.id, round: 1, attempt: 1, state: 'accepted' },
        ...{ offered_at: offered, expires_at: offered, answered_at: assigned },
      })
    if (life.escalated)
      await db()('events').insert({
        ...{ id: newId(), incident_id: id, seq: 1, rev: 1, type: 'incident.escalated', actor_role: 'engine' },
        ...{ at: after(), prev_hash: '', hash: '' },
      })
  }
}

const groupOf = (body: { groups: { key: string | null }[] }, key: string | null) =>
  body.groups.find(group => group.key === key)

describe('analytics/', () => {
  it('times the phases, per urgency, beside their targets', async () => {
    await lived(9, { offer: 10, accept: 100, start: 60, complete: 600 })
    await lived(6, { urgency: 'routine', accept: 1_000, start: 30 })
    const body = await read(`?from=${DAY}&to=${DAY}`)
    expect(body.targets.urgent).toEqual({
      report_to_offer: 120,
      offer_to_accept: 120,
      report_to_accept: 900,
      accept_to_start: 2_700,
      start_to_complete: null,
    })
    expect(body.targets.routine).toMatchObject({ report_to_offer: null, report_to_accept: 1_800 })
    expect(body.total).toMatchObject({ count: 15, suppressed: false })
    expect(body.total.phases.urgent).toEqual({
      report_to_offer: { p50_seconds: 14, p90_seconds: 17.2, suppressed: false },
      offer_to_accept: { p50_seconds: 86, p90_seconds: 89.2, suppressed: false },
      report_to_accept: { p50_seconds: 100, p90_seconds: 100, suppressed: false },
      accept_to_start: { p50_seconds: 60, p90_seconds: 60, suppressed: false },
      start_to_complete: { p50_seconds: 600, p90_seconds: 600, suppressed: false },
    })
    expect(body.total.phases.routine.report_to_accept.p50_seconds).toBe(1_000)
    expect(body.total.phases.routine.report_to_offer).toEqual({
      p50_seconds: null,
      p90_seconds: null,
      suppressed: true,
    })
    expect(body.groups).toMatchObject([{ key: DAY, count: 15, phases: body.total.phases }])
  })

  it('takes nobody else’s start for the start of the assignment that holds', async () => {
    await lived(6, { offer: 1, accept: 500, start: -100, complete: 10 })
    const { urgent } = (await read(`?from=${DAY}&to=${DAY}`)).total.phases
    expect(urgent.accept_to_start.suppressed).toBe(true)
    expect(urgent.report_to_accept.p50_seconds).toBe(500)
  })

  it('groups by area, type and responder, each group named, also the empty ones', async () => {
    const police = await people.provider({ type: 'police' })
    await lived(7, { region: 'KE-30', type: 'physical', assignee: police.id })
    await lived(8, { region: 'KE-28', type: 'sexual' })
    await lived(5)
    const area = await read(`?group=area&from=${DAY}&to=${DAY}`)
    expect(area.groups).toHaveLength(48)
    expect(area.total.count).toBe(20)
    // The 45 empty ones add up to nothing, which the total would tell: the smallest other goes with them.
    expect(groupOf(area, 'KE-30')).toMatchObject({ name: 'Nairobi', count: 7, suppressed: false })
    expect(groupOf(area, 'KE-28')).toMatchObject({ name: 'Mombasa', count: 8 })
    expect(groupOf(area, null)).toMatchObject({ name: 'Not known', count: null, suppressed: true })
    expect(groupOf(area, 'KE-01')).toMatchObject({ name: 'Baringo', count: null, suppressed: true })
    const type = await read(`?group=incident_type&from=${DAY}&to=${DAY}`)
    expect(groupOf(type, 'sexual')).toMatchObject({ count: 8 })
    const responder = await read(`?group=provider_type&from=${DAY}&to=${DAY}`)
    expect(groupOf(responder, null)).toMatchObject({ name: 'Nobody', count: 13 })
  })

  it('suppresses a small group with one that would give it away, and all that is said of them', async () => {
    await lived(3, { day: '2026-03-10', offer: 5, accept: 10 })
    await lived(6, { day: '2026-03-11', offer: 5, accept: 10 })
    await lived(9, { day: '2026-03-12', offer: 5, accept: 10 })
    const body = await read('?from=2026-03-10&to=2026-03-12')
    expect(body.total.count).toBe(18)
    expect(body.groups.map((group: { count: number | null }) => group.count)).toEqual([null, null, 9])
    expect(JSON.stringify(body.groups[1])).not.toMatch(/_seconds":[\d]/)
    expect(body.groups[2].phases.urgent.report_to_offer.p50_seconds).toBe(9)
    const none = await read('?from=2025-01-01&to=2025-01-02')
    expect(none).toMatchObject({ total: { count: null, suppressed: true } })
  })

  it('counts outcomes and escalations, as far as they point at nobody', async () => {
    await lived(10, { outcome: 'resolved', escalated: true })
    await lived(12, { outcome: 'referred' })
    await lived(2, { outcome: 'unreachable' })
    const body = await read(`?from=${DAY}&to=${DAY}`)
    const outcomes = Object.fromEntries(
      body.outcomes.map((each: { outcome: string; count: number | null }) => [each.outcome, each.count]),
    )
    // Two, and zeros: they go with the smallest other.
    expect(outcomes).toMatchObject({ referred: 12, resolved: null, unreachable: null, null: null })
    expect(body.total.escalation).toEqual({ rate: 0.417, suppressed: false })
    await db()('incidents').where({ outcome: 'resolved' }).delete()
    await lived(4, { outcome: 'resolved', escalated: true })
    expect((await read(`?from=${DAY}&to=${DAY}`)).total.escalation).toEqual({ rate: null, suppressed: true })
  })

  it('reads 30 days up to today unless told otherwise, and a year at most', async () => {
    const body = await read()
    expect(body.groups).toHaveLength(30)
    expect(body.to).toBe(new Date().toISOString().slice(0, 10))
    expect((await read('?from=2025-01-01&to=2026-01-01')).groups).toHaveLength(366)
    for (const query of [
      '?from=2025-01-01&to=2026-01-02',
      '?from=2026-01-02&to=2026-01-01',
      '?from=2026-13-01',
      '?to=now',
      '?group=name',
      '?case_type=x',
      '?urgency=urgent',
    ])
      expect(await read(query)).toMatchObject({ status: 400, code: 'VALIDATION_FAILED' })
  })

  it('is of one case type, without what was deleted', async () => {
    await lived(6)
    await db()('incidents').update({ deleted_at: new Date() }).where('id', db()('incidents').select('id').limit(1))
    expect((await read(`?from=${DAY}&to=${DAY}`)).total.count).toBe(5)
    const rides = await read(`?from=${DAY}&to=${DAY}&case_type=ambulance&group=area`)
    expect(rides).toMatchObject({ total: { count: null }, targets: { urgent: { offer_to_accept: 60 } } })
    expect(groupOf(rides, 'TH-10')).toMatchObject({ name: 'Bangkok' })
  })

  it('is for dispatch and admins', async () => {
    expect((await people.get('/api/dispatch/analytics/', people.dispatcher)).status).toBe(200)
    for (const one of [people.survivor, await people.provider()])
      expect((await people.get('/api/dispatch/analytics/', one)).status).toBe(403)
    expect((await people.get('/api/dispatch/analytics/')).status).toBe(401)
  })
})
