import { startWithPeople, type People } from '../../test/builders/people'
import { expectInvariants } from '../../test/harness/invariants'

let people: People
beforeAll(async () => {
  people = await startWithPeople()
})
afterAll(() => people.api.stop())
afterEach(() => expectInvariants(people.api.database.db))

test('Amina reports without a network, her phone sends it three times, she goes on writing on the bus while the dispatcher works on it, and not a word of either is lost', async () => {
  const amina = await people.api.someone('survivor')

  // In the village there is no network. The phone keeps the report under an id of its own and sends it when there is some: the first
  // answer is lost, so it sends it again, and once more from its queue.
  const draft = { client_id: 'phone-1:report-1', urgency: 'routine', title: 'Help', description: 'It was on Monday' }
  const sent = await Promise.all([1, 2, 3].map(() => people.post('/api/incidents/', draft, amina)))
  expect(sent.map(reply => reply.status).sort()).toEqual([200, 200, 201])
  const ids = new Set(sent.map(reply => reply.body.id as string))
  expect(ids.size).toBe(1)
  const path = `/api/incidents/${[...ids][0]}/`
  const seen = sent[0]?.body
  expect(seen.version).toBe(1)

  // The dispatcher calls her, and writes down what she says.
  const called = await people.patch(
    path,
    { version: 1, title: 'Help in Nairobi', incident_type: 'economic', location: { lat: -1.29, lng: 36.82 } },
    people.dispatcher,
  )
  expect(called.body).toMatchObject({ version: 2, title: 'Help in Nairobi' })

  // On the bus she does not have that yet. She corrects the day, adds where it was, and makes the title longer.
  const onTheBus = {
    description: 'It was on Tuesday',
    title: 'Help with the rent',
    details: { rent_due: true },
    location: { lat: -1.29, lng: 36.82 },
  }

  // A phone that knows nothing of merging is refused, with both versions to show her.
  const strict = await people.patch(path, { version: 1, ...onTheBus }, amina)
  expect(strict.body).toMatchObject({
    status: 412,
    code: 'VERSION_CONFLICT',
    current: { version: 2, title: 'Help in Nairobi', description: 'It was on Monday' },
    yours: { version: 1, title: 'Help with the rent' },
  })

  // Hers knows. What only she wrote is kept, what both wrote alike is no conflict, and of the title she is asked.
  const base = { title: seen.title, description: seen.description }
  const merged = await people.patch(path, { base_version: 1, base, ...onTheBus }, amina)
  expect(merged.status).toBe(200)
  expect(merged.body).toMatchObject({
    version: 3,
    title: 'Help in Nairobi',
    description: 'It was on Tuesday',
    incident_type: 'economic',
    details: { rent_due: true },
    merge: {
      conflicts: [{ field: 'title', base: 'Help', yours: 'Help with the rent', current: 'Help in Nairobi' }],
    },
  })
  expect(merged.body.merge.merged.sort()).toEqual(['description', 'details', 'location'])

  // The answer was lost in a tunnel; the phone sends the same again, and it does nothing more.
  const again = await people.patch(path, { base_version: 1, base, ...onTheBus }, amina)
  expect(again.body).toMatchObject({ version: 3, merge: merged.body.merge })

  // At home she reads both titles and decides.
  const decided = await people.patch(path, { version: 3, title: 'Help with the rent in Nairobi' }, amina)
  expect(decided.body).toMatchObject({ version: 4, description: 'It was on Tuesday', incident_type: 'economic' })
  const { body } = await people.get(path, people.dispatcher)
  expect(body).toMatchObject({ version: 4, title: 'Help with the rent in Nairobi', details: { rent_due: true } })
})
