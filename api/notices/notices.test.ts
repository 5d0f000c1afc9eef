import { startWithPeople, type People } from '../../test/builders/people'
import { newId } from '../../platform/ids'

let people: People
beforeAll(async () => {
  people = await startWithPeople()
})
afterAll(() => people.api.stop())

const inbox = async (by = people.dispatcher) => (await people.get('/api/notices/', by)).body

describe('notices/', () => {
  it('shows one’s own, with a code and a reference and not a word more (S1)', async () => {
    const provider = await people.onlyProvider()
    const { id } = await people.report({ title: 'secret' })
    expect(await inbox(provider)).toEqual({
      count: 1,
      next: null,
      previous: null,
      results: [
        { id: expect.any(String), kind: 'offer.made', reference: id, created_at: expect.any(String), read_at: null },
      ],
    })
    expect((await inbox(await people.api.someone('survivor'))).count).toBe(0)
  })

  it('leaves out what speaks of a state that is over', async () => {
    const provider = await people.onlyProvider()
    const { id } = await people.report()
    await people.post(`/api/incidents/${id}/cancel/`, { reason: 'safe_now' }, people.survivor)
    expect((await inbox(provider)).results).toMatchObject([{ kind: 'offer.withdrawn' }])
  })

  it('notes the first reading', async () => {
    await people.report({ urgency: 'routine' })
    const [notice] = (await inbox()).results
    const first = await people.post(`/api/notices/${notice.id}/read/`, {}, people.dispatcher)
    expect(first.status).toBe(200)
    expect(first.body.read_at).not.toBeNull()
    const second = await people.post(`/api/notices/${notice.id}/read/`, {}, people.dispatcher)
    expect(second.body).toEqual(first.body)
    for (const [id, by] of [
      [notice.id, people.survivor],
      [newId(), people.dispatcher],
      ['x', people.dispatcher],
    ] as const)
      expect((await people.post(`/api/notices/${id}/read/`, {}, by)).body.code).toBe('NOTICE_NOT_FOUND')
  })
})
