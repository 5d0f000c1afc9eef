import { randomBytes } from 'node:crypto'
import { kintaraa } from '../../api/dialects/kintaraa/kintaraa.client'
import type { Journeys, Walker } from './journeys'

export interface AppPeople {
  readonly dispatcher: Walker
  readonly providers: readonly Walker[]
  readonly stranger: Walker
}

const API = `${kintaraa.prefix}/api`
const SILENT = { wants: 200, unentitled: 'unentitled' } as const

/** What people do with the Kintaraa app: the same acts by other names, and fields that the product's own routes do not have. */
export async function walkKintaraa(journeys: Journeys, people: AppPeople): Promise<void> {
  const survivor = await appAccount(journeys)
  await answered(journeys, survivor, people)
  await given(journeys, survivor, people)
  await leavesTheApp(journeys, survivor)
}

interface AppWalker extends Walker {
  readonly refresh: string
}

async function appAccount(journeys: Journeys): Promise<AppWalker> {
  const { canaries } = journeys
  const password = canaries.add('password in the app', `pw-${canaries.word("word of the app's password")}`)
  const email = canaries.email("the app's e-mail")
  const person = {
    first_name: journeys.words('first name in the app'),
    last_name: journeys.words('last name in the app'),
  }
  const account = { ...person, email, password, confirm_password: password, role: 'survivor' }
  const { user } = await journeys.say('POST', `${API}/auth/register/`, null, { body: account, wants: 201 })
  const guess = {
    email: canaries.email('tried e-mail in the app'),
    password: canaries.word('tried password in the app'),
  }
  await journeys.say('POST', `${API}/auth/login/`, null, { body: guess, wants: 400 })
  let { access, refresh } = await journeys.say('POST', `${API}/auth/login/`, null, {
    body: { email, password },
    wants: 200,
  })
  for (const path of ['auth/refresh/', 'auth/token/refresh/']) {
    canaries.add('refresh token of the app', String(refresh))
    const next = await journeys.say('POST', `${API}/${path}`, null, { body: { refresh }, wants: 200 })
    access = next.access
    refresh = next.refresh
  }
  canaries.add('last refresh token of the app', String(refresh))
  const survivor = { id: String(user.id), access: String(access), refresh: String(refresh) }
  const edit = { first_name: journeys.words('edited first name'), last_name: journeys.words('edited last name') }
  await journeys.say('PUT', `${API}/auth/me/update/`, survivor, { body: edit, wants: 200 })
  const token = `ExponentPushToken[${canaries.word('device token')}]`
  await journeys.say('POST', `${API}/messaging/push-token/`, survivor, {
    body: { token, platform: 'android' },
    wants: 200,
  })
  return survivor
}

function story(journeys: Journeys, urgency_level: string): Record<string, unknown> {
  const words = (what: string): string => journeys.words(`${what} in the app`)
  return {
    type: `something ${journeys.canaries.word('type in the app')}`,
    description: words('description'),
    location: {
      address: words('address'),
      coordinates: {
        latitude: journeys.canaries.coordinate('latitude in the app', -1),
        longitude: journeys.canaries.coordinate('longitude in the app', 36),
      },
      description: words('words for the place'),
    },
    support_services: [`help ${journeys.canaries.word('service in the app')}`],
    provider_preferences: { communicationMethod: 'secure_message' },
    incident_date: '2026-01-31',
    incident_time: '21:30:00',
    urgency_level,
    [journeys.canaries.word('field that nobody reads')]: words('value that nobody reads'),
  }
}

async function report(journeys: Journeys, by: Walker, urgency: string): Promise<Record<'id', string>> {
  const body = story(journeys, urgency)
  return { id: String((await journeys.say('POST', `${API}/incidents/`, by, { body, wants: 201 })).id) }
}

/** A report that one provider refuses and the next one accepts, and what they say to each other. */
async function answered(journeys: Journeys, survivor: Walker, { providers, stranger }: AppPeople): Promise<void> {
  const params = await report(journeys, survivor, 'immediate')
  const { description, support_services } = story(journeys, '')
  const edit = { description, support_services }
  await journeys.say('PATCH', `${API}/incidents/{id}/`, survivor, { params, body: edit, wants: 200 })
  const first = await journeys.asked(params.id, providers)
  await journeys.say('GET', `${API}/incidents/{id}/`, first, { params, ...SILENT })
  await journeys.say('GET', `${API}/providers/assigned-cases/`, first, { query: '?status=pending', ...SILENT })
  await journeys.say('GET', `${API}/incidents/{id}/`, stranger, { params, wants: 404, unentitled: 'unentitled' })
  const refusal = { reason: journeys.words('reason of a refusal in the app') }
  await journeys.say('PATCH', `${API}/incidents/{id}/reject/`, first, { params, body: refusal, wants: 200 })
  await journeys.say('GET', `${API}/incidents/{id}/`, first, { params, wants: 403, unentitled: 'unentitled' })
  const provider = await journeys.asked(params.id, providers)
  const yes = { notes: journeys.words('notes of a yes in the app') }
  await journeys.say('PATCH', `${API}/incidents/{id}/accept/`, provider, { params, body: yes, wants: 200 })

  const query = `?incident_id=${params.id}`
  const { results } = await journeys.say('GET', `${API}/messaging/conversations/`, provider, { query, wants: 200 })
  const talk = { id: String(results[0].id) }
  const routes = [`${API}/messaging/conversations/{id}/messages/`, `${API}/messaging/conversations/{id}/send_message/`]
  for (const route of routes) {
    const body = { content: journeys.words('message in the app') }
    await journeys.say('POST', route, survivor, { params: talk, body, wants: 201 })
  }
  await journeys.say('GET', routes[0] ?? '', provider, { params: talk, wants: 200 })
  await journeys.say('GET', routes[0] ?? '', stranger, { params: talk, wants: 404, unentitled: 'unentitled' })
  const end = { status: 'completed', notes: journeys.words('notes of an end in the app') }
  await journeys.say('PATCH', `${API}/incidents/{id}/status/`, provider, { params, body: end, wants: 200 })
}

/** Reports that dispatch gives to somebody. */
async function given(journeys: Journeys, survivor: Walker, { dispatcher, providers }: AppPeople): Promise<void> {
  const [one, two] = providers as [Walker, Walker]
  const notes = (): { notes: string } => ({ notes: journeys.words('notes of dispatch in the app') })
  const [params, other] = [await report(journeys, survivor, 'routine'), await report(journeys, survivor, 'routine')]
  await journeys.say('GET', `${API}/dispatch/dashboard/`, dispatcher, SILENT)
  await journeys.say('GET', `${API}/dispatch/providers/`, dispatcher, { wants: 200 })
  const first = { provider_id: one.id, ...notes() }
  await journeys.say('POST', `${API}/dispatch/cases/{id}/assign/`, dispatcher, { params, body: first, wants: 200 })
  const next = { new_provider_id: two.id, reason: journeys.words('reason to reassign in the app') }
  await journeys.say('POST', `${API}/dispatch/cases/{id}/reassign/`, dispatcher, { params, body: next, wants: 200 })
  const start = { status: 'in_progress', ...notes() }
  await journeys.say('PATCH', `${API}/providers/cases/{id}/status/`, two, { params, body: start, wants: 200 })
  const body = { provider_id: one.id, ...notes() }
  await journeys.say('POST', `${API}/incidents/{id}/assign/`, dispatcher, { params: other, body, wants: 200 })
  await journeys.say('GET', `${API}/dispatch/cases/`, dispatcher, { wants: 200 })
}

/** What is not taken is kept nowhere either. */
async function leavesTheApp(journeys: Journeys, survivor: AppWalker): Promise<void> {
  const form = new FormData()
  const sound = Buffer.concat([
    Buffer.from('RIFF\u0024\0\0\0WAVEfmt \u0010\0\0\0'),
    Buffer.from(journeys.words('a voice')),
  ])
  form.append('file', new Blob([sound], { type: 'audio/wav' }), `${journeys.canaries.word('name of a voice')}.wav`)
  form.append('duration', journeys.canaries.add('duration of a voice', randomBytes(9).toString('hex')))
  await journeys.say('POST', `${API}/incidents/upload-voice/`, survivor, { body: form, wants: 503 })
  const { refresh } = survivor
  await journeys.say('POST', `${API}/auth/logout/`, survivor, { body: { refresh }, wants: 204 })
}
