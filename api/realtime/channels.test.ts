import { conversations, type Talk } from '../../test/builders/conversation'
import { startWithPeople, type People } from '../../test/builders/people'
import type { Someone } from '../../test/harness/api'
import { eventually } from '../../test/harness/eventually'
import { listen, listening, type TestSocket } from '../../test/harness/socket'
import { newId } from '../../platform/ids'

let people: People
beforeAll(async () => {
  people = await startWithPeople({}, { sockets: {} })
})
afterAll(() => people.api.stop())

const { talk, act, handOver } = conversations(() => people)
const db = () => people.api.database.db

/** `ready`, or the code that it was closed with. */
async function opened(path: string, by: Someone): Promise<number | 'ready'> {
  const socket = listen(people.api, path, by)
  const first = await eventually(async () => (socket.of('ready').length > 0 ? ('ready' as const) : socket.closed?.code))
  socket.close()
  return first
}

describe('who may listen', () => {
  let own: Talk
  const persons = new Map<string, Someone>()
  beforeAll(async () => {
    own = await talk()
    const { survivor, dispatcher, admin } = people
    persons.set('the reporter', survivor).set('the responder', own.provider)
    persons.set('a dispatcher', dispatcher).set('an administrator', admin)
    persons.set('another survivor', await people.api.someone('survivor'))
    persons.set('another provider', await people.api.someone('provider'))
  })

  it.each([
    ['the reporter', ['ready', 'ready', 4403, 'ready']],
    ['the responder', ['ready', 'ready', 4403, 'ready']],
    ['a dispatcher', ['ready', 'ready', 'ready', 'ready']],
    ['an administrator', ['ready', 'ready', 'ready', 'ready']],
    ['another survivor', [4404, 4404, 4403, 'ready']],
    ['another provider', [4404, 4404, 4403, 'ready']],
  ])('%s, on each channel', async (who, expected) => {
    const by = persons.get(who)
    if (!by) throw new Error('nobody')
    const paths = [`/ws/cases/${own.incident}/`, `/ws/messages/${own.conversation}/`, '/ws/dispatch/', '/ws/me/']
    expect(await Promise.all(paths.map(path => opened(path, by)))).toEqual(expected)
  })

  it.each([newId(), 'not-an-id', '00000000-0000-0000-0000-000000000000', '%00'])('nobody, where %s is', async id => {
    for (const by of [people.survivor, people.dispatcher]) {
      expect(await opened(`/ws/cases/${id}/`, by)).toBe(4404)
      expect(await opened(`/ws/messages/${id}/`, by)).toBe(4404)
    }
  })

  it('an id of the wrong kind leads nowhere', async () => {
    expect(await opened(`/ws/cases/${own.conversation}/`, people.dispatcher)).toBe(4404)
    expect(await opened(`/ws/messages/${own.incident}/`, people.dispatcher)).toBe(4404)
  })

  it('a former responder is told that it is over, an offered one may listen before accepting', async () => {
    const provider = await people.onlyProvider({ capacity: 9 })
    const { id } = await people.report()
    expect(await opened(`/ws/cases/${id}/`, provider)).toBe('ready')
    const former = own.provider
    await handOver(own)
    expect(await opened(`/ws/cases/${own.incident}/`, former)).toBe(4403)
    expect(await opened(`/ws/messages/${own.conversation}/`, former)).toBe(4403)
  })

  it('staff without the second factor that is asked for may not', async () => {
    const strict = await startWithPeople({}, { sockets: {}, accounts: { secondFactorRequired: true } })
    const socket = listen(strict.api, '/ws/dispatch/', strict.dispatcher)
    expect(await socket.closing()).toBe(4403)
    expect(socket.closed?.reason).toBe('SECOND_FACTOR_REQUIRED')
    await strict.api.stop()
  })

  it('each time dispatch follows a conversation stands in the access log', async () => {
    const followed = () => db()('access_log').where({ incident_id: own.incident, what: 'conversation.followed' })
    const before = (await followed()).length
    expect(await opened(`/ws/messages/${own.conversation}/`, people.admin)).toBe('ready')
    expect(await opened(`/ws/messages/${own.conversation}/`, people.survivor)).toBe('ready')
    expect((await followed()).slice(before)).toMatchObject([{ actor_id: people.admin.id, actor_role: 'admin' }])
  })
})

describe('access that ends', () => {
  /** The sockets are closed with 4403 within two seconds, and were told nothing that came after. */
  async function endsBy(sockets: readonly TestSocket[], ending: () => Promise<unknown>): Promise<void> {
    const began = performance.now()
    await ending()
    for (const socket of sockets) {
      expect([await socket.closing(), socket.closed?.reason]).toEqual([4403, 'ACCESS_ENDED'])
      expect((socket.closed?.at ?? Infinity) - began).toBeLessThan(2_000)
    }
  }
  const both = async ({ incident, conversation, provider }: Talk): Promise<TestSocket[]> => [
    await listening(people.api, `/ws/cases/${incident}/`, provider),
    await listening(people.api, `/ws/messages/${conversation}/`, provider),
  ]

  it('by the provider’s own refusal', async () => {
    const provider = await people.onlyProvider()
    const { id } = await people.report()
    const sockets = [await listening(people.api, `/ws/cases/${id}/`, provider)]
    await endsBy(sockets, () => act(id, 'reject', { reason: 'too_far' }, provider))
  })

  it('by an offer whose time is over, with nobody there to say so', async () => {
    const provider = await people.onlyProvider()
    const { id } = await people.report()
    const sockets = [await listening(people.api, `/ws/cases/${id}/`, provider)]
    await endsBy(sockets, () =>
      db()('offers')
        .where({ incident_id: id })
        .update({ expires_at: new Date(Date.now() + 200) }),
    )
  })

  it('by a hand-over', async () => {
    const own = await talk()
    await endsBy(await both(own), () => handOver(own))
  })

  it('by handing back', async () => {
    const own = await talk()
    await endsBy(await both(own), () => act(own.incident, 'hand-back', { reason: 'unsafe' }, own.provider))
  })

  it('by closure, and not for the reporter', async () => {
    const own = await talk()
    const staying = await listening(people.api, `/ws/messages/${own.conversation}/`, people.survivor)
    await endsBy(await both(own), () => act(own.incident, 'cancel', { reason: 'other' }, people.survivor))
    expect(staying.closed).toBeUndefined()
    staying.close()
  })

  it('also while an older transaction holds the feed back', async () => {
    const own = await talk()
    const sockets = await both(own)
    await db().transaction(async older => {
      await older.raw('select pg_current_xact_id()')
      await endsBy(sockets, () => handOver(own))
    })
  })

  it('for everybody but administrators, when the incident is deleted', async () => {
    const own = await talk()
    const sockets = [
      await listening(people.api, `/ws/cases/${own.incident}/`, people.survivor),
      await listening(people.api, `/ws/cases/${own.incident}/`, people.dispatcher),
      await listening(people.api, `/ws/messages/${own.conversation}/`, people.dispatcher),
    ]
    const board = await listening(people.api, '/ws/dispatch/', people.dispatcher)
    const kept = await listening(people.api, `/ws/cases/${own.incident}/`, people.admin)
    await people.api.call('DELETE', `/api/incidents/${own.incident}/`, { token: people.survivor.access })
    for (const socket of sockets) expect(await socket.closing()).toBe(4404)
    await kept.heard('incident.updated', each => each.data.event === 'incident.deleted')
    const gone = await board.heard('incident.updated', each => each.data.event === 'incident.deleted')
    expect(gone.data).toMatchObject({ incident: own.incident, code: null, urgency: null, case_type: null })
    board.close()
    kept.close()
  })
})
