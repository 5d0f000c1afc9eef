import { Client } from 'pg'
import { nudged } from '../../db/nudge'
import { startTestApi, type Reply, type Someone, type TestApi } from '../../test/harness/api'

/** Two servers on one database, as two replicas are: neither knows what the other remembers. */
let one: TestApi
let two: Pick<TestApi, 'call' | 'stop'>
let dispatcher: Someone
beforeAll(async () => {
  one = await startTestApi()
  two = await one.replica()
  dispatcher = await one.someone('dispatcher')
})
afterAll(async () => {
  await two.stop()
  await one.stop()
})

const read = (server: Pick<TestApi, 'call'>, path: string): Promise<Reply> =>
  server.call('GET', path, { token: dispatcher.access })
const edit = (server: Pick<TestApi, 'call'>, path: string, body: object, by: Someone): Promise<Reply> =>
  server.call('PATCH', path, { token: by.access, body })
const everywhere = async (path: string) => [(await read(one, path)).body, (await read(two, path)).body]

/** How often sealed names were read from the database until `work` had its answer. */
async function namesRead(work: () => Promise<unknown>): Promise<number> {
  const query = jest.spyOn(Client.prototype, 'query')
  try {
    await work()
    const texts = (query.mock.calls as unknown as [{ text?: string }][]).map(([config]) => config.text ?? '')
    return texts.filter(text => text.includes('"u"."first_name"')).length
  } finally {
    query.mockRestore()
  }
}

describe('the directory', () => {
  it('remembers names, and nothing else', async () => {
    const provider = await one.someone('provider')
    const path = `/api/providers/${provider.id}/`
    expect(await namesRead(() => everywhere(path))).toBe(2)
    expect(await namesRead(() => everywhere(path))).toBe(0)
    for (const availability of ['busy', 'available'])
      for (const [skill, server] of Object.entries({ one, two })) {
        await edit(server, '/api/providers/me/', { availability, skills: [availability, skill] }, provider)
        expect(await namesRead(() => everywhere(path))).toBe(0)
        for (const body of await everywhere(path))
          expect(body).toMatchObject({ name: 'Test provider', availability, skills: [availability, skill] })
      }
  })

  it('shows a new name on both servers at once, whichever it was changed on', async () => {
    const provider = await one.someone('provider')
    const paths = ['/api/providers/', `/api/providers/${provider.id}/`, '/api/dispatch/available-providers/']
    await one.database.db('provider_profiles').where({ user_id: provider.id }).update({ verification: 'verified' })
    for (const path of paths) await everywhere(path)
    for (const [round, server] of [one, two, one].entries()) {
      const name = `Name${round} provider`
      expect((await edit(server, '/api/auth/me/', { first_name: `Name${round}` }, provider)).status).toBe(200)
      for (const path of paths)
        for (const body of await everywhere(path)) {
          const rows = body.results ?? [body]
          expect(rows.find((row: { id: string }) => row.id === provider.id).name).toBe(name)
        }
    }
  })

  it('forgets a name whose key was destroyed', async () => {
    const provider = await one.someone('provider')
    const path = `/api/providers/${provider.id}/`
    for (const body of await everywhere(path)) expect(body.name).toBe('Test provider')
    await one.database.db('account_keys').where({ user_id: provider.id }).delete()
    for (const body of await everywhere(path)) expect(body.name).toBeNull()
  })

  it('takes the same number of statements, however many there are', async () => {
    const statements = async (path: string) => {
      await nudged(one.database.db)
      const query = jest.spyOn(Client.prototype, 'query')
      await read(one, path)
      const count = query.mock.calls.length
      query.mockRestore()
      return count
    }
    const few = await statements('/api/providers/?page_size=1')
    for (let each = 0; each < 6; each++) await one.someone('provider')
    expect(await statements('/api/providers/?page_size=100')).toBeLessThanOrEqual(few + 1)
    expect(await statements('/api/providers/?page_size=100')).toBe(few)
  })

  it('filters by type, availability, verification, language and skill, together', async () => {
    const nurse = await one.someone('provider', { providerType: 'healthcare' })
    const other = await one.someone('provider', { providerType: 'healthcare' })
    await edit(one, '/api/providers/me/', { skills: ['PEP', 'first aid'], languages: ['sw', 'ar'] }, nurse)
    await edit(one, '/api/providers/me/', { skills: ['pep'], languages: ['ar'], availability: 'busy' }, other)
    const found = async (query: string) =>
      (await read(one, `/api/providers/?provider_type=healthcare&${query}`)).body.results.map(
        (row: { id: string }) => row.id,
      )
    expect(await found('skill=PEP')).toEqual([nurse.id])
    expect(await found('language=ar&availability=busy')).toEqual([other.id])
    expect(await found('language=sw&skill=pep')).toEqual([])
    expect((await found('verification=pending&language=ar')).sort()).toEqual([nurse.id, other.id].sort())
    for (const query of ['language=xx', 'availability=asleep', 'skill=', 'kind=x', 'page=0'])
      expect((await read(one, `/api/providers/?${query}`)).status).toBe(400)
    expect((await read(one, '/api/providers/?page=99')).body.code).toBe('PAGE_NOT_FOUND')
  })
})
