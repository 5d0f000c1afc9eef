import { addPolicy } from '../builders/record'
import { eventually } from '../harness/eventually'
import { expectInvariants } from '../harness/invariants'
import { TestProduct } from '../harness/product'
import { Person } from './person'

let product: TestProduct
let admin: { id: string; access: string }
let dora: Person
beforeAll(async () => {
  product = await TestProduct.start()
  await addPolicy(product.db, 'gbv')
  admin = await product.someone('admin')
  dora = await invited('dora')
}, 120_000)
afterAll(() => product.stop())
beforeEach(() => product.db('provider_profiles').update({ availability: 'off_duty', woke_at: null }))
afterEach(() => expectInvariants(product.db))

/** Somebody of the dispatch centre: an administrator's invitation to their address lets them in. */
async function invited(name: string): Promise<Person> {
  const body = { email: `${name}@story.example`, role: 'dispatcher' }
  const { token } = await product.ask('POST', '/api/auth/invitations/', { token: admin.access, body }, 201)
  return Person.registers(product, name, { role: 'dispatcher', invitation: token })
}

/** A responder who has registered, was verified by an administrator, and is on duty with so many free places. */
async function responder(name: string, capacity: number, type = 'gbv_rescue'): Promise<Person> {
  const person = await Person.registers(product, name, { role: 'provider', provider_type: type })
  const body = { decision: 'verified' }
  await product.ask('POST', `/api/auth/users/${person.id}/verify/`, { token: admin.access, body }, 200)
  await person.patch('/api/providers/me/', { availability: 'available', capacity, languages: ['sw', 'en'] })
  return person
}

const PICTURE = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

test('a survivor reports on a phone, is helped, talks to the responder, sends a picture, and says that it helped (K15)', async () => {
  const rose = await responder('rose', 1)
  const amina = await Person.registers(product, 'amina', { role: 'survivor', language: 'sw', is_anonymous: true })
  await amina.post('/api/auth/biometric/enable/')
  await amina.post('/api/auth/devices/', { registration_token: `token:${amina.id}`, device_type: 'android' })

  const report = await amina.post('/api/incidents/', {
    urgency: 'urgent',
    title: 'Please come',
    description: 'At home',
  })
  expect(report).toMatchObject({ status: 'offering', offer: { seconds_left: expect.any(Number) } })
  await rose.post(`/api/incidents/${report.id}/accept/`)
  expect(await amina.get(`/api/incidents/${report.id}/`)).toMatchObject({
    status: 'assigned',
    assigned_to: { name: 'rose' },
  })
  expect(await amina.inbox()).toContain('incident.updated')

  const sent = await amina.post('/api/messages/', { incident: report.id, content: 'Are you near?', client_id: 'm-1' })
  await rose.post('/api/messages/', { conversation_id: sent.conversation_id, content: 'Ten minutes.' })
  const attachment = await amina.uploads('door.png', 'image/png', PICTURE)
  await amina.post('/api/messages/', { incident: report.id, message_type: 'image', content: 'The door', attachment })
  const { results } = await rose.get(`/api/messages/?conversation_id=${sent.conversation_id}`)
  expect(results.map((each: { content: string }) => each.content)).toEqual([
    'Are you near?',
    'Ten minutes.',
    'The door',
  ])

  await rose.post(`/api/incidents/${report.id}/status/`, { status: 'in_progress' })
  expect(await amina.get(`/api/incidents/${report.id}/`)).toMatchObject({ status: 'in_progress' })
  const done = await amina.post(`/api/incidents/${report.id}/status/`, { status: 'completed', outcome: 'helped' })
  expect(done).toMatchObject({ status: 'completed', outcome: 'helped' })
  const { results: looked } = await amina.get(`/api/incidents/${report.id}/access-log/`)
  expect(new Set(looked.map((each: { actor_role: string }) => each.actor_role))).toEqual(new Set(['provider']))
})

test('a responder sets out, decides on what may be known, works the case and looks at the figures (K15)', async () => {
  const ruth = await responder('ruth', 2)
  const nia = await Person.registers(product, 'nia', { role: 'survivor' })
  const story = { urgency: 'urgent', title: 'A secret', location: { lat: -1.28, lng: 36.82, text: 'Third floor' } }
  const { id } = await nia.post('/api/incidents/', story)

  const [offer] = await ruth.get('/api/providers/offers/')
  expect(offer.incident).toMatchObject({ id, urgency: 'urgent' })
  expect(JSON.stringify(await ruth.get(`/api/incidents/${id}/`))).not.toMatch(/secret|Third floor|nia/)
  await ruth.post(`/api/incidents/${id}/accept/`, { offer_id: offer.id })
  expect(await ruth.get(`/api/incidents/${id}/`)).toMatchObject({
    title: 'A secret',
    location: { text: 'Third floor' },
  })

  await ruth.post('/api/messages/', { incident: id, content: 'I am on my way' })
  await ruth.post(`/api/incidents/${id}/status/`, { status: 'in_progress' })
  const cases = await ruth.get('/api/providers/assigned-cases/?status=in_progress')
  expect(cases.results.map((each: { id: string }) => each.id)).toEqual([id])
  await ruth.post(`/api/incidents/${id}/status/`, {
    status: 'completed',
    outcome: 'resolved',
    note: 'Safe with her sister',
  })
  const metrics = await ruth.get('/api/providers/metrics/')
  expect(metrics).toMatchObject({ offered: 1, accepted: 1, completed: 1, open: 0 })
})

test('a dispatcher finds a routine report on the board, assigns it, watches it, and gives it to somebody else (K15)', async () => {
  const [ruth, paul] = [await responder('carol', 1), await responder('paul', 1)]
  const zawadi = await Person.registers(product, 'zawadi', { role: 'survivor' })
  const { id } = await zawadi.post('/api/incidents/', { urgency: 'routine', title: 'I want advice' })

  const board = await dora.get('/api/dispatch/dashboard/')
  expect(board.statistics.by_status).toMatchObject({ pending_dispatcher_review: 1 })
  const [waiting] = board.queue.results
  expect(waiting).toMatchObject({ id, title: null })
  const free = await dora.get(`/api/dispatch/available-providers/?incident=${id}`)
  expect(free.results.map((each: { id: string }) => each.id).sort()).toEqual([ruth.id, paul.id].sort())

  await dora.post('/api/dispatch/assign/', { incident: id, provider: ruth.id, reason: 'closest', rev: waiting.rev })
  expect(await ruth.inbox()).toContain('assignment.made')
  const stale = { incident: id, provider: paul.id, reason: 'on leave', rev: waiting.rev }
  expect((await dora.tries('POST', '/api/dispatch/reassign/', stale)).body).toMatchObject({ code: 'CHANGED' })
  await dora.post('/api/dispatch/reassign/', { incident: id, provider: paul.id, reason: 'on leave' })
  expect(await ruth.inbox()).toContain('assignment.ended')
  expect((await ruth.tries('GET', `/api/incidents/${id}/`)).body).toMatchObject({ code: 'ACCESS_ENDED' })
  await paul.post(`/api/incidents/${id}/status/`, { status: 'in_progress' })
  expect(await dora.get('/api/dispatch/analytics/')).toMatchObject({ case_type: 'gbv' })
  const { results } = await zawadi.get(`/api/incidents/${id}/access-log/`)
  expect(results.some((each: { actor_role: string }) => each.actor_role === 'dispatcher')).toBe(true)
})

test('three survivors at once, five responders of varying availability, one dispatcher: everybody is helped by somebody of their own (K3)', async () => {
  const free = [await responder('eve', 1), await responder('fay', 1), await responder('gil', 1)]
  const away = await responder('hal', 1)
  await away.patch('/api/providers/me/', { availability: 'off_duty' })
  await responder('ida', 0)
  const survivors = await Promise.all(
    ['joy', 'kai', 'lea'].map(name => Person.registers(product, name, { role: 'survivor' })),
  )
  const reports = await Promise.all(survivors.map(person => person.post('/api/incidents/', { urgency: 'urgent' })))
  expect(reports.map(report => report.status)).toEqual(['offering', 'offering', 'offering'])
  await Promise.all(
    free.map(async person => {
      const offers = await person.get('/api/providers/offers/')
      expect(offers).toHaveLength(1)
      await person.post(`/api/incidents/${offers[0].incident.id}/accept/`)
    }),
  )
  const seen = await Promise.all(survivors.map((person, n) => person.get(`/api/incidents/${reports[n].id}/`)))
  expect(new Set(seen.map(each => each.assigned_to.id))).toEqual(new Set(free.map(person => person.id)))

  const fourth = await (
    await Person.registers(product, 'mia', { role: 'survivor' })
  ).post('/api/incidents/', { urgency: 'urgent' })
  expect(fourth).toMatchObject({ status: 'escalated', escalation_reason: 'all_at_capacity' })
  expect(await dora.inbox()).toContain('dispatch.escalated')
  await dora.post('/api/dispatch/acknowledge/', { incident: fourth.id })
  // Who becomes free wakes what waits.
  const first = free[0]
  const freed = seen.find(each => each.assigned_to.id === first?.id)
  await first?.post(`/api/incidents/${freed.id}/status/`, { status: 'in_progress' })
  await first?.post(`/api/incidents/${freed.id}/status/`, { status: 'completed', outcome: 'resolved' })
  await eventually(async () => ((await first?.get('/api/providers/offers/')) as unknown[]).length === 1, {
    withinMs: 20_000,
  })
  expect(await first?.inbox()).toContain('offer.made')
}, 60_000)
