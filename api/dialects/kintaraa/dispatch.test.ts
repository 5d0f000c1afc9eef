import { newId } from '../../../platform/ids'
import { shownOf, startWithApp, type App } from '../../../test/builders/app'
import type { Reply, Someone } from '../../../test/harness/api'
import { expectInvariants } from '../../../test/harness/invariants'

let app: App
beforeAll(async () => {
  app = await startWithApp()
})
afterAll(() => app.people.api.stop())
afterEach(() => expectInvariants(db()))

const db = () => app.people.api.database.db
const get = async (path: string, by = app.people.dispatcher): Promise<Reply['body']> =>
  (await app.call('GET', path, { by })).body
const listed = async (query: string): Promise<string[]> =>
  (await get(`/dispatch/cases/?${query}`)).map(({ id }: { id: string }) => id)
const routine = async (): Promise<string> => (await app.report({ urgency_level: 'routine' })).body.id
const assign = (id: string, provider: string, by = app.people.dispatcher): Promise<Reply> =>
  app.call('POST', `/dispatch/cases/${id}/assign/`, { by, body: { provider_id: provider, notes: 'Nearest' } })

describe('the board', () => {
  it('is flat numbers, and dispatch’s alone', async () => {
    const before = await get('/dispatch/dashboard/')
    await routine()
    await app.people.onlyProvider()
    await app.report({ urgency_level: 'immediate' })
    await app.people.onlyProvider({ capacity: 0 })
    await app.report({ urgency_level: 'urgent' })
    const after = await get('/dispatch/dashboard/')
    const grown = (name: string): number => after[name] - before[name]
    expect(['total_cases', 'active_cases', 'cases_created_today'].map(grown)).toEqual([3, 3, 3])
    expect([grown('pending_dispatcher_review'), grown('unassigned_urgent_cases')]).toEqual([2, 2])
    expect(after.cases_by_status).toMatchObject({ pending_dispatcher_review: 2, assigned: 1, new: 0, completed: 0 })
    expect(after.cases_by_urgency).toEqual({ routine: 1, urgent: 1, immediate: 1 })
    for (const [name, value] of Object.entries(after))
      if (!name.startsWith('cases_by')) expect([name, typeof value]).toEqual([name, 'number'])
    expect((await app.call('GET', '/dispatch/dashboard/', { by: app.people.survivor })).status).toBe(403)
  })
})

describe('the cases', () => {
  it('are codes and areas, and every text that the app reads', async () => {
    const provider = await app.people.onlyProvider()
    const { body } = await app.report({ description: 'unmistakable words' })
    await app.call('PATCH', `/incidents/${body.id}/accept/`, { by: provider })
    const [row] = await get('/dispatch/cases/')
    expect(row).toMatchObject({
      id: body.id,
      case_number: body.case_number,
      type: 'physical',
      status: 'in_progress',
      urgency_level: 'immediate',
      survivor: null,
      assigned_provider: { id: provider.id },
      assigned_providers: [{ provider_id: provider.id, provider_name: 'Test provider', provider_type: 'gbv_rescue' }],
    })
    expect(JSON.stringify(row)).not.toMatch(/unmistakable|Test survivor|Location provided/)
  })

  it('are opened one by one, which is logged', async () => {
    const { body } = await app.report({ description: 'read by dispatch' })
    expect(await get(`/dispatch/cases/${body.id}/`)).toMatchObject({ description: 'read by dispatch', survivor: null })
    const looks = await db()('access_log')
      .where({ incident_id: body.id, actor_id: app.people.dispatcher.id })
      .pluck('what')
    expect(looks).toEqual(['incident.read'])
  })

  it('are found by the app’s words; the tile of urgent ones sends its word as a status', async () => {
    await db()('provider_profiles').update({ availability: 'off_duty' })
    const [one, urgent, immediate] = [
      await routine(),
      (await app.report({ urgency_level: 'urgent', type: 'femicide' })).body.id,
      (await app.report({ urgency_level: 'immediate' })).body.id,
    ]
    const found = async (query: string): Promise<boolean[]> => {
      const ids = await listed(query)
      return [one, urgent, immediate].map(id => ids.includes(id))
    }
    expect(await found('status=urgent')).toEqual([false, true, true])
    expect(await found('urgency=urgent')).toEqual([false, true, false])
    expect(await found('urgency=immediate')).toEqual([false, false, true])
    expect(await found('urgency=routine')).toEqual([true, false, false])
    expect(await found('status=pending_dispatcher_review')).toEqual([true, true, true])
    expect(await found('type=femicide')).toEqual([false, true, false])
    expect(await found('assigned=false&sort=date_submitted')).toEqual([true, true, true])
    for (const query of [
      'status=wizardry',
      'urgency=constructor',
      'type=wizardry',
      'assigned=perhaps',
      'assigned=true&status=new',
    ])
      expect([query, await listed(query)]).toEqual([query, []])
    await app.people.onlyProvider({ type: 'police' }).then(police => assign(one, police.id))
    expect(await found('status=assigned')).toEqual([true, false, false])
    expect(await found('assigned=true')).toEqual([true, false, false])
  })
})

describe('giving a case', () => {
  it('is answered alike when it is sent again', async () => {
    const [id, provider] = [await routine(), await app.people.onlyProvider({ type: 'police' })]
    const first = await assign(id, provider.id)
    expect([first.status, first.body]).toMatchObject([
      200,
      { status: 'pending', provider_id: provider.id, incident_id: id },
    ])
    expect(await assign(id, provider.id)).toMatchObject({ status: 200, body: first.body })
    expect(await db()('assignments').where({ incident_id: id }).pluck('provider_id')).toEqual([provider.id])
  })

  it('never goes over capacity, and to another provider only by reassigning', async () => {
    const [id, provider] = [await routine(), await app.people.onlyProvider({ type: 'police', capacity: 0 })]
    const full = await assign(id, provider.id)
    expect([full.status, full.body.code]).toEqual([409, 'PROVIDER_AT_CAPACITY'])
    expect(shownOf(full)).toMatch(/no free place/)
    const [other, third] = [await app.people.provider({ type: 'police' }), await app.people.provider({ type: 'chw' })]
    await assign(id, other.id)
    expect((await assign(id, third.id)).body.code).toBe('TRANSITION_NOT_ALLOWED')
    const moved = await app.call('POST', `/dispatch/cases/${id}/reassign/`, {
      by: app.people.dispatcher,
      body: { new_provider_id: third.id, reason: 'Speaks her language' },
    })
    expect([moved.status, moved.body.provider_id]).toEqual([200, third.id])
    expect((await app.call('GET', `/incidents/${id}/`, { by: other })).body.code).toBe('ACCESS_ENDED')
  })

  it.each(['survivor', 'provider'] as const)('is not for a %s, and owning the report changes nothing', async role => {
    const by: Someone = role === 'survivor' ? app.people.survivor : await app.people.onlyProvider()
    const id = await routine()
    const reply = await app.call('POST', `/incidents/${id}/assign/`, { by, body: { provider_id: by.id } })
    expect([reply.status, reply.body.code, reply.body.errors]).toEqual([403, 'FORBIDDEN', {}])
    expect((await assign(id, by.id, by)).status).toBe(403)
  })

  it('is the dispatcher’s under the other address too', async () => {
    const [id, provider] = [await routine(), await app.people.onlyProvider({ type: 'police' })]
    const reply = await app.call('POST', `/incidents/${id}/assign/`, {
      by: app.people.dispatcher,
      body: { provider_id: provider.id },
    })
    expect(reply.status).toBe(200)
    const nobody = { provider_id: newId() }
    expect(
      (await app.call('POST', `/incidents/${await routine()}/assign/`, { by: app.people.dispatcher, body: nobody }))
        .body.code,
    ).toBe('PROVIDER_NOT_FOUND')
  })
})

describe('the providers', () => {
  it('are an array with loads, and no address of anybody', async () => {
    await db()('provider_profiles').update({ verification: 'pending' })
    const social = await app.people.onlyProvider({ type: 'social_services', capacity: 2 })
    const rescue = await app.people.provider({ capacity: 1 })
    await app.report({ urgency_level: 'urgent' })
    await app.people.api.someone('provider', { providerType: 'police' })
    const all = await get('/dispatch/providers/')
    expect(all.map(({ id }: { id: string }) => id).sort()).toEqual([social.id, rescue.id].sort())
    expect(all.find(({ id }: { id: string }) => id === social.id)).toEqual({
      id: social.id,
      email: '',
      first_name: 'Test provider',
      last_name: '',
      full_name: 'Test provider',
      provider_type: 'social',
      provider_type_display: 'Social Services',
      is_available: true,
      profile: { current_case_load: 0, max_case_load: 2, is_currently_available: true, acceptance_rate: 1 },
    })
    const ids = async (query: string) =>
      (await get(`/dispatch/providers/?${query}`)).map(({ id }: { id: string }) => id)
    expect(await ids('available_only=true')).toEqual([social.id])
    expect(await ids('provider_type=gbv_rescue')).toEqual([rescue.id])
    expect(await ids('provider_type=wizard')).toEqual([])
  })

  it('have the rate at which they said yes', async () => {
    const provider = await app.people.onlyProvider({ capacity: 9 })
    const { body: first } = await app.report()
    await app.call('PATCH', `/incidents/${first.id}/accept/`, { by: provider })
    const { body: second } = await app.report()
    await app.call('PATCH', `/incidents/${second.id}/reject/`, { by: provider, body: { reason: 'too_far' } })
    const [row] = (await get('/dispatch/providers/?provider_type=gbv_rescue')).filter(
      ({ id }: { id: string }) => id === provider.id,
    )
    expect(row.profile).toMatchObject({ acceptance_rate: 0.5, current_case_load: 1 })
  })

  it('are recommended by the engine’s own rules, which is logged', async () => {
    const provider = await app.people.onlyProvider({ capacity: 9 })
    const id = await routine()
    expect((await get(`/dispatch/cases/${id}/recommendations/`)).map((each: { id: string }) => each.id)).toEqual([
      provider.id,
    ])
    expect(await db()('access_log').where({ incident_id: id }).pluck('what')).toEqual(['incident.candidates'])
  })

  it('are nobody else’s to look up', async () => {
    const free = await get('/providers/available/?provider_type=gbv_rescue')
    expect(Array.isArray(free)).toBe(true)
    for (const by of [app.people.survivor, await app.people.provider()]) {
      const reply = await app.call('GET', '/providers/available/?provider_type=gbv_rescue', { by })
      expect([reply.status, reply.body.code]).toEqual([403, 'FORBIDDEN'])
    }
  })
})
