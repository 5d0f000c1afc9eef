import { startWithPeople, type People } from '../../test/builders/people'
import type { Reply } from '../../test/harness/api'
import { newId } from '../../platform/ids'

let people: People
beforeAll(async () => {
  people = await startWithPeople()
})
afterAll(() => people.api.stop())
beforeEach(async () => {
  await people.api.database.db('webhooks').delete()
})

const URL = 'https://hooks.example.org/kesi'
const add = (body: object = {}, headers?: Record<string, string>): Promise<Reply> =>
  people.post('/api/webhooks/', { url: URL, ...body }, people.admin, headers)
const added = async (body: object = {}): Promise<string> => (await add(body)).body.id
const patch = (id: string, body: object, headers?: Record<string, string>): Promise<Reply> =>
  people.patch(`/api/webhooks/${id}/`, body, people.admin, headers)
const get = (path: string): Promise<Reply> => people.get(`/api/webhooks/${path}`, people.admin)
const post = (path: string, body: object = {}): Promise<Reply> =>
  people.post(`/api/webhooks/${path}`, body, people.admin)
const deliveries = (webhook: string) =>
  people.api.database.db('webhook_deliveries').where({ webhook_id: webhook }).orderBy('created_at')

describe('a webhook', () => {
  it('is added with a secret that is seen once, and stands sealed in the record', async () => {
    const { status, body, headers } = await add({
      event_types: ['incident.closed'],
      description: 'The hospital of Kisumu',
    })
    expect([status, headers.get('etag')]).toEqual([201, '"1"'])
    expect(body).toMatchObject({
      url: URL,
      description: 'The hospital of Kisumu',
      event_types: ['incident.closed'],
      case_types: [],
      status: 'active',
      disabled_reason: null,
      version: 1,
      created_by: people.admin.id,
      secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/),
    })
    const again = await get(`${body.id}/`)
    expect(again.body).toEqual({ ...body, secret: undefined })
    const row = JSON.stringify(await people.api.database.db('webhooks').where({ id: body.id }).first())
    for (const word of ['example.org', 'Kisumu', body.secret]) expect(row).not.toContain(word)
  })

  it('is listed with the others, the newest first', async () => {
    const ids = [await added(), await added(), await added()].reverse()
    const { body } = await get('?page_size=2')
    expect([body.count, body.results.map((each: { id: string }) => each.id)]).toEqual([3, ids.slice(0, 2)])
    expect((await get('?page=3&page_size=2')).body.code).toBe('PAGE_NOT_FOUND')
  })

  it('costs the same number of statements however many there are', async () => {
    const statementsOf = async (): Promise<number> => {
      const seen: unknown[] = []
      const note = (query: unknown): void => void seen.push(query)
      people.api.database.db.on('query', note)
      await get('')
      people.api.database.db.removeListener('query', note)
      return seen.length
    }
    await added()
    const before = await statementsOf()
    await Promise.all([added(), added(), added()])
    expect(await statementsOf()).toBe(before)
  })

  it.each([
    [{ url: 'http://10.0.0.1/' }, 'body.url', 'not_public'],
    [{ url: 'https://amina@example.org/' }, 'body.url', 'credentials'],
    [{ url: 'no address' }, 'body.url', 'invalid_format'],
    [{ event_types: ['incident.invented'] }, 'body.event_types.0', expect.any(String)],
    [{ case_types: ['invented'] }, 'body.case_types.0', expect.any(String)],
    [{ secret: 'mine' }, 'body.secret', 'unknown_field'],
  ])('is refused with %j', async (body, path, code) => {
    expect((await add(body)).body).toMatchObject({ status: 400, errors: [{ path, code }] })
  })

  it('is the same one when it is asked for twice under one key', async () => {
    const key = { 'idempotency-key': newId() }
    const [first, second] = [await add({}, key), await add({}, key)]
    expect(second.body).toEqual(first.body)
    expect((await get('')).body.count).toBe(1)
  })

  it('is changed on the version that was seen', async () => {
    const id = await added({ description: 'Before' })
    expect((await patch(id, { description: 'After' })).body.code).toBe('VERSION_REQUIRED')
    expect((await patch(id, { version: 1, url: 'https://other.example.org/' })).body).toMatchObject({
      url: 'https://other.example.org/',
      description: 'Before',
      version: 2,
    })
    expect((await patch(id, { description: 'After' }, { 'if-match': '"1"' })).body).toMatchObject({
      code: 'VERSION_CONFLICT',
      current: 2,
      yours: 1,
    })
    expect((await patch(id, { description: null }, { 'if-match': '"2"' })).body).toMatchObject({
      description: null,
      version: 3,
    })
    expect((await patch(id, { version: 3, url: 'http://192.168.1.1/' })).body).toMatchObject({ status: 400 })
  })

  it('is gone with its deliveries when it is deleted', async () => {
    const id = await added()
    await post(`${id}/test/`)
    const { admin, api } = people
    expect((await api.call('DELETE', `/api/webhooks/${id}/`, { token: admin.access })).status).toBe(204)
    expect((await get(`${id}/`)).body.code).toBe('WEBHOOK_NOT_FOUND')
    expect((await api.call('DELETE', `/api/webhooks/${id}/`, { token: admin.access })).status).toBe(404)
    expect(await deliveries(id)).toEqual([])
  })

  it('gets another secret, and the one before stands for a day', async () => {
    const { id, secret } = (await add()).body
    const { status, body } = await post(`${id}/rotate-secret/`)
    expect([status, body.secret === secret]).toEqual([200, false])
    const hours = (Date.parse(body.old_secret_signs_until) - Date.now()) / 3_600_000
    expect(hours).toBeGreaterThan(23.9)
    expect(hours).toBeLessThan(24.1)
  })
})

describe('the deliveries', () => {
  it('are made in the transaction of the event, for the types that are wanted and no others', async () => {
    const all = await added()
    const some = await added({ event_types: ['incident.reported', 'incident.closed'] })
    const others = await added({ case_types: ['ambulance'] })
    const off = await added()
    await patch(off, { version: 1, status: 'disabled' })
    const { id } = await people.report()
    const events = await people.api.database.db('events').where({ incident_id: id }).pluck('id')
    expect(events.length).toBeGreaterThan(1)
    expect((await deliveries(all)).map(each => each.event_id).sort()).toEqual(events.sort())
    expect((await get(`${some}/deliveries/`)).body.results).toMatchObject([
      { type: 'incident.reported', incident: id, state: 'queued', attempts: 0, last_status: null },
    ])
    expect([...(await deliveries(others)), ...(await deliveries(off))]).toEqual([])
    // The case type of an incident that was there before is known too.
    const { id: ambulance } = await people.report({ case_type: 'ambulance' })
    const before = (await deliveries(others)).length
    await people.post(`/api/incidents/${ambulance}/cancel/`, { reason: 'mistake' }, people.survivor)
    expect((await deliveries(others)).length).toBeGreaterThan(before)
  })

  it('are none when the act is undone', async () => {
    const id = await added()
    const { db } = people.api.database
    await db.raw(`create function break_it() returns trigger language plpgsql as 'begin raise exception ''no''; end'`)
    await db.raw(
      'create constraint trigger late after insert on incidents deferrable initially deferred for each row execute function break_it()',
    )
    try {
      expect((await people.post('/api/incidents/', { urgency: 'urgent' }, people.survivor)).status).toBe(500)
    } finally {
      await db.raw('drop trigger late on incidents; drop function break_it()')
    }
    expect(await deliveries(id)).toEqual([])
    const { log } = people.api
    log.splice(0, log.length, ...log.filter(line => (line['err'] as { code?: string } | undefined)?.code !== 'P0001'))
  })

  it('do not hold an act up, nor fail it, while their webhook is being deleted', async () => {
    const id = await added()
    await people.api.database.db.transaction(async trx => {
      await trx('webhooks').where({ id }).delete()
      // Another connection; it would wait for the end of this transaction.
      expect((await people.report()).id).toEqual(expect.any(String))
    })
    expect(await deliveries(id)).toEqual([])
  })

  it('are listed by state', async () => {
    const id = await added()
    await post(`${id}/test/`)
    await post(`${id}/test/`)
    const [first] = await deliveries(id)
    await people.api.database
      .db('webhook_deliveries')
      .where({ id: first.id })
      .update({ state: 'failed', next_at: null, send_after: null, last_status: 500, last_failure: 'REFUSED' })
    const { body } = await get(`${id}/deliveries/?state=failed`)
    expect(body).toMatchObject({
      count: 1,
      results: [{ id: first.id, type: 'webhook.test', event: null, last_status: 500 }],
    })
    expect((await get(`${id}/deliveries/`)).body.count).toBe(2)
    expect((await get(`${newId()}/deliveries/`)).body.code).toBe('WEBHOOK_NOT_FOUND')
    expect((await get(`${id}/deliveries/?state=lost`)).status).toBe(400)
  })

  it('are cancelled when the webhook is disabled, and it takes nothing until it is enabled', async () => {
    const id = await added()
    const { id: waiting } = (await post(`${id}/test/`)).body
    expect((await patch(id, { version: 1, status: 'disabled' })).body).toMatchObject({
      status: 'disabled',
      disabled_reason: 'by_admin',
    })
    expect(await deliveries(id)).toMatchObject([{ id: waiting, state: 'cancelled', next_at: null, send_after: null }])
    for (const path of ['test/', `deliveries/${waiting}/replay/`])
      expect((await post(`${id}/${path}`)).body.code).toBe('WEBHOOK_DISABLED')
    expect((await post(`${id}/replay/`, { since: '2020-01-01T00:00:00Z' })).body.code).toBe('WEBHOOK_DISABLED')
    expect((await patch(id, { version: 2, status: 'active' })).body).toMatchObject({
      status: 'active',
      disabled_reason: null,
    })
    expect((await post(`${id}/deliveries/${waiting}/replay/`)).status).toBe(202)
  })

  it('are sent again, one by one or all that did not arrive', async () => {
    const id = await added()
    const { db } = people.api.database
    const made: string[] = []
    for (const state of ['delivered', 'failed', 'cancelled', 'queued']) {
      const delivery: string = (await post(`${id}/test/`)).body.id
      made.push(delivery)
      if (state === 'queued') continue
      await db('webhook_deliveries')
        .where({ id: delivery })
        .update({ state, attempts: 9, next_at: null, send_after: null })
    }
    expect((await post(`${id}/replay/`, { since: '2999-01-01T00:00:00Z' })).body).toEqual({ replayed: 0, left: 0 })
    expect((await post(`${newId()}/replay/`, { since: '0000-01-01T00:00:00Z' })).status).toBe(404)
    expect((await post(`${id}/replay/`, { since: '0000-01-01T00:00:00Z' })).body).toEqual({ replayed: 2, left: 0 })
    expect((await deliveries(id)).map(({ state, attempts }) => [state, attempts])).toEqual([
      ['delivered', 9],
      ['queued', 0],
      ['queued', 0],
      ['queued', 0],
    ])
    const one = await post(`${id}/deliveries/${made[0]}/replay/`)
    expect([one.status, one.body]).toEqual([
      202,
      expect.objectContaining({ id: made[0], state: 'queued', attempts: 0 }),
    ])
    expect((await post(`${id}/deliveries/${newId()}/replay/`)).body.code).toBe('DELIVERY_NOT_FOUND')
    expect((await post(`${await added()}/deliveries/${made[0]}/replay/`)).body.code).toBe('DELIVERY_NOT_FOUND')
  })
})
