import { z } from 'zod'
import { startTestApi, type Reply, type Someone, type TestApi } from '../test/harness/api'
import { markEffect, purgeKeys } from '../db/idempotency.repository'
import { inTransaction } from '../db/unit-of-work'
import { Refusal } from '../domain/refusals'
import { newId } from '../platform/ids'
import { defineRoute, type Route } from './route'

const EFFECT = newId()

/** A gate in the handler, so that a test can look while a request is under way. */
class Gate {
  #open: () => void = () => undefined
  passed = Promise.resolve()
  entered: Promise<void> = Promise.resolve()
  #enter: () => void = () => undefined
  close(): void {
    this.passed = new Promise(resolve => (this.#open = resolve))
    this.entered = new Promise(resolve => (this.#enter = resolve))
  }
  open(): void {
    this.#open()
  }
  enter(): void {
    this.#enter()
  }
}

describe('a request with an Idempotency-Key', () => {
  let api: TestApi
  let someone: Someone
  let runs = 0
  const gate = new Gate()

  const act: Route = defineRoute({
    method: ['post', 'patch'],
    path: '/api/acts/',
    permission: 'incident:create',
    summary: 'Counts its runs',
    tags: [],
    body: z.strictObject({ does: z.enum(['work', 'refuse', 'break', 'die']), word: z.string().optional() }),
    status: 201,
    response: z.object({ run: z.number(), key: z.string().nullable(), again: z.boolean() }),
    errors: ['RULE_BROKEN'],
    idempotent: true,
    async handler({ body, by }, { acts }) {
      runs += 1
      gate.enter()
      await gate.passed
      if (body.does === 'refuse') throw new Refusal('RULE_BROKEN')
      if (body.does === 'break') throw new Error('broken')
      await inTransaction(acts.db, trx => markEffect(trx, by.requestId, EFFECT))
      if (body.does === 'die') throw new Error('died between the act and its answer')
      return { run: runs, key: by.requestId ?? null, again: false }
    },
    replay: async ({ by }, effect) => ({ run: effect === EFFECT ? -1 : 0, key: by.requestId ?? null, again: true }),
  })

  beforeAll(async () => {
    api = await startTestApi({ routes: [act] })
    someone = await api.someone('survivor')
  })
  afterAll(() => api.stop())
  beforeEach(() => {
    runs = 0
  })

  const ask = (key: string | undefined, body: object, method = 'POST', token = someone.access): Promise<Reply> =>
    api.call(method, '/api/acts/', { token, body, headers: key === undefined ? {} : { 'idempotency-key': key } })
  const age = async (by: string): Promise<void> =>
    api.database.db.raw(`update idempotency_keys set taken_at = taken_at - interval '${by}'`)

  it('acts once and answers the same again', async () => {
    const first = await ask('a', { does: 'work' })
    const again = await ask('a', { does: 'work' })
    expect([first.status, again.status, again.body, runs]).toEqual([201, 201, first.body, 1])
  })

  it('counts both methods of one route as the same', async () => {
    const first = await ask('b', { does: 'work' })
    expect((await ask('b', { does: 'work' }, 'PATCH')).body).toEqual(first.body)
  })

  it('acts each time without a key', async () => {
    await ask(undefined, { does: 'work' })
    expect((await ask(undefined, { does: 'work' })).body).toMatchObject({ run: 2, key: null })
  })

  it('is another request for another person', async () => {
    const other = await api.someone('survivor')
    await ask('c', { does: 'work' })
    expect((await ask('c', { does: 'work' }, 'POST', other.access)).body.run).toBe(2)
  })

  it('refuses another body under the same key', async () => {
    await ask('d', { does: 'work' })
    const reply = await ask('d', { does: 'work', word: 'other' })
    expect([reply.status, reply.body.code, runs]).toEqual([409, 'IDEMPOTENCY_KEY_REUSED', 1])
  })

  it('is told that the first one is still running', async () => {
    gate.close()
    const first = ask('e', { does: 'work' })
    await gate.entered
    const second = await ask('e', { does: 'work' })
    gate.open()
    expect([second.status, second.body.code, second.headers.get('retry-after')]).toEqual([
      409,
      'IDEMPOTENCY_IN_PROGRESS',
      '1',
    ])
    expect((await first).status).toBe(201)
    expect(runs).toBe(1)
  })

  it('of twenty at once acts for one', async () => {
    const replies = await Promise.all(Array.from({ length: 20 }, () => ask('f', { does: 'work' })))
    expect(new Set(replies.map(reply => reply.status))).toEqual(
      new Set(replies.some(r => r.status === 409) ? [201, 409] : [201]),
    )
    expect(runs).toBe(1)
  })

  it('is free again after a refusal, and after a defect that did nothing', async () => {
    for (const does of ['refuse', 'break']) {
      const key = `g-${does}`
      expect((await ask(key, { does })).status).toBeGreaterThanOrEqual(400)
      expect((await ask(key, { does: 'work' })).status).toBe(201)
    }
  })

  it('answers from the record when the act is done and its answer was lost', async () => {
    expect((await ask('h', { does: 'die' })).status).toBe(500)
    const again = await ask('h', { does: 'die' })
    expect([again.status, again.body, runs]).toEqual([201, { run: -1, key: again.body.key, again: true }, 1])
    expect((await ask('h', { does: 'die' })).body).toEqual(again.body)
  })

  it('takes over from a request that died, which can then no longer act', async () => {
    const use = { user_id: someone.id, route: 'post /api/acts/' }
    const first = await ask('i', { does: 'work' })
    const before = first.body.key as string
    await api.database
      .db('idempotency_keys')
      .where({ ...use, id: before })
      .update({ status: null, answer: null, effect: null })
    expect((await ask('i', { does: 'work' })).body.code).toBe('IDEMPOTENCY_IN_PROGRESS')
    await age('31 seconds')
    expect((await ask('i', { does: 'work' })).body.run).toBe(2)
    await expect(inTransaction(api.database.db, trx => markEffect(trx, before, EFFECT))).rejects.toThrow('taken over')
  })

  it('is forgotten after a day', async () => {
    await ask('j', { does: 'work' })
    await age('25 hours')
    expect((await ask('j', { does: 'work', word: 'other' })).body.run).toBe(2)
    await age('25 hours')
    await purgeKeys(api.database.db, 1_000)
    expect(await api.database.db('idempotency_keys')).toEqual([])
  })

  it('keeps its answer sealed', async () => {
    await ask('k', { does: 'work' })
    const [row] = await api.database.db('idempotency_keys').select<{ answer: string }[]>('answer')
    expect(row?.answer).toMatch(/^v1\./)
  })

  it.each(['', 'two words', 'x'.repeat(201)])('must be printable: %j', async key => {
    const reply = await ask(key, { does: 'work' })
    // An empty header does not arrive as a key at all with every client; here it does.
    expect([reply.status, reply.body.errors?.[0].path]).toEqual([400, 'headers.idempotency-key'])
  })
})
