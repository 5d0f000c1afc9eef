import { ok, rejects, strictEqual } from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Device, type Answer } from './device'
import type { Used } from './hooks'

/** Who may sign in where the story is told. */
export interface Cast {
  readonly dispatcher: { readonly email: string; readonly password: string }
  /** Everybody who may be asked about an urgent report. */
  readonly rescuers: readonly { readonly email: string; readonly password: string }[]
}

/** Where the story is told. */
export interface Stage {
  readonly appPath: string
  /** The address that the app's build would have. */
  readonly baseUrl: string
  readonly cast: Cast
  readonly say: (line: string) => void
}

const PASSWORD = 'sixteen yellow bicycles'

/** The stock place of the app, and its own clock: nobody gave either. */
const reportOf = (more: object): object => {
  const [incident_date, clock = ''] = new Date().toISOString().split('T')
  return {
    type: 'physical',
    incident_date,
    incident_time: clock.split('.')[0],
    description: `Told by the app (${randomUUID()})`,
    location: { address: 'Location provided', coordinates: { latitude: -1.2921, longitude: 36.8219 } },
    severity: 'medium',
    support_services: ['medical'],
    urgency_level: 'immediate',
    is_anonymous: false,
    ...more,
  }
}

/** By what would be written of both: an answer may come from another realm than this file. */
const same = (actual: unknown, expected: unknown): void => strictEqual(JSON.stringify(actual), JSON.stringify(expected))

/** Once it is so. Throws when it is not within ten seconds. */
async function until(what: string, isSo: () => boolean): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (isSo()) return
    await sleep(25)
  }
  throw new Error(`${what} has not come`)
}

const idOf = ({ id }: Answer): string => String(id)
const ofId = (rows: readonly Answer[], id: string): Answer | undefined => rows.find(row => row['id'] === id)

/** The app's own service layer, from registration to signing out, against a running product. Throws at the first answer that its screens could not use. */
export async function tellStory(stage: Stage): Promise<void> {
  const { survivor, email } = await registers(stage)
  const providers = await signIn(stage, stage.cast.rescuers)
  const [dispatcher] = await signIn(stage, [stage.cast.dispatcher])
  if (!dispatcher) throw new Error('there is no dispatcher')
  const watches = await watchCases(stage, providers)
  const { id, provider } = await reportsAndIsOffered(stage, survivor, providers)
  await accepts(stage, { id, provider, survivor })
  for (const watch of watches) watch.end()
  await talk(stage, { id, provider, survivor })
  await chat(stage, { id, provider, survivor })
  await completes(stage, { id, provider, survivor })
  await dispatches(stage, { dispatcher, survivor, providers })
  await editsAndDeletes(stage, survivor)
  await isRefused(stage, survivor)
  await typesWrong(stage, survivor, email)
  await outlivesItsToken(stage, survivor)
  const token = provider.storage.get('access_token') ?? ''
  await signsOut(stage, [survivor, dispatcher, ...providers])
  await isRefusedASocket(stage, provider, token)
}

async function registers({ appPath, baseUrl, say }: Stage): Promise<{ survivor: Device; email: string }> {
  const survivor = new Device(appPath, baseUrl)
  const { auth, incidents } = survivor.services
  strictEqual((await auth.healthCheck())['success'], true)
  same((await auth.getUserRoles())['roles'], [
    { value: 'survivor', label: 'Survivor' },
    { value: 'provider', label: 'Provider' },
  ])
  const email = `${randomUUID()}@example.org`
  const person = { email, password: PASSWORD, confirm_password: PASSWORD, first_name: 'Asha', last_name: 'Mwende' }
  await auth.register({ ...person, role: 'survivor', is_anonymous: false })
  ok(await auth.isAuthenticated())
  const { user } = (await auth.getProfile()) as { user: Answer }
  same([user['full_name'], user['role'], user['biometric_enabled']], ['Asha Mwende', 'survivor', false])
  same(await incidents.getIncidents(), [])
  const updated = (await auth.updateProfile({ first_name: 'Asha', last_name: 'Otieno' })) as { user: Answer }
  strictEqual(updated.user['last_name'], 'Otieno')
  strictEqual((await auth.enableBiometric())['biometric_enabled'], true)
  strictEqual((await auth.disableBiometric())['biometric_enabled'], false)
  say('somebody registers, and is who they say they are')
  return { survivor, email }
}

async function signIn({ appPath, baseUrl, say }: Stage, people: Cast['rescuers']): Promise<Device[]> {
  const devices: Device[] = []
  for (const person of people) {
    const device = new Device(appPath, baseUrl)
    strictEqual((await device.services.auth.login(person))['success'], true)
    ok(Array.isArray(await device.services.incidents.getIncidents()))
    devices.push(device)
  }
  say(`${people.length} sign in`)
  return devices
}

async function watchCases({ say }: Stage, providers: readonly Device[]): Promise<Used<unknown>[]> {
  const watches: Used<unknown>[] = []
  for (const provider of providers) {
    const { user } = (await provider.services.auth.getProfile()) as { user: Answer }
    watches.push(provider.watchCases(user))
    await until('a provider’s socket', () => provider.sockets.opened > 0)
  }
  say(`${providers.length} wait for cases by their sockets`)
  return watches
}

async function reportsAndIsOffered(
  { say }: Stage,
  survivor: Device,
  providers: readonly Device[],
): Promise<{ id: string; provider: Device }> {
  const report = await survivor.services.incidents.createIncident(reportOf({}))
  for (const field of ['case_number', 'type', 'status', 'urgency_level', 'description', 'date_submitted'])
    strictEqual(typeof report[field], 'string', field)
  same([report['status'], report['urgency_level']], ['new', 'immediate'])
  const id = idOf(report)
  const provider = await whoIsAsked(providers, id)
  await until('the bell', () => provider.reloaded.includes('pending-assignments'))
  const offer = ofId(await provider.services.assignments.getAssignedCases('pending'), id)
  same([offer?.['assignment_status'], offer?.['survivor_name']], ['pending', 'Survivor'])
  ok(!JSON.stringify(offer).includes('Told by the app'), 'an offer tells what was told')
  say('a report is made and offered, without a word of it')
  return { id, provider }
}

async function whoIsAsked(providers: readonly Device[], id: string): Promise<Device> {
  for (const provider of providers)
    if (ofId(await provider.services.assignments.getAssignedCases('pending'), id)) return provider
  throw new Error('nobody is asked; is there a provider with a free slot?')
}

interface Pair {
  readonly id: string
  readonly provider: Device
  readonly survivor: Device
}

async function accepts({ say }: Stage, { id, provider, survivor }: Pair): Promise<void> {
  const { assignments } = provider.services
  strictEqual(await survivor.services.messaging.getConversationForIncident(id), null)
  const accepted = await assignments.acceptAssignment(id, 'Accepted assignment')
  same(await assignments.acceptAssignment(id, 'Accepted assignment'), accepted)
  strictEqual(ofId(await assignments.getAssignedCases('pending'), id), undefined)
  strictEqual(ofId(await assignments.getAssignedCases('accepted'), id)?.['status'], 'in_progress')
  await until('the end of the offer', () => provider.reloaded.includes('accepted-cases'))
  strictEqual(ofId(await survivor.services.incidents.getIncidents(), id)?.['status'], 'in_progress')
  say('it is accepted, which starts it')
}

async function talk({ say }: Stage, { id, provider, survivor }: Pair): Promise<void> {
  const [theirs, hers] = [provider.services.messaging, survivor.services.messaging]
  const conversation = await hers.getConversationForIncident(id)
  strictEqual((conversation?.['incident'] as Answer)['id'], id)
  const of = idOf(conversation ?? {})
  strictEqual(idOf((await theirs.getConversationForIncident(id)) ?? {}), of)
  await hers.sendMessageRest(of, 'Are you coming?')
  await theirs.sendMessageRest(of, 'In ten minutes.')
  const expected = ['Are you coming?', 'In ten minutes.']
  for (const side of [theirs, hers])
    same(
      (await side.getConversationMessages(of)).map(message => message['content']),
      expected,
    )
  await hers.markAllMessagesRead(of)
  strictEqual((await hers.getConversationForIncident(id))?.['unread_count'], 0)
  await theirs.registerPushToken(`ExponentPushToken[${randomUUID().slice(0, 22)}]`, 'android')
  say('they write to each other')
}

/** The chat screens of both, by the app's own socket; one connection breaks, and nothing written meanwhile is lost. */
async function chat({ say }: Stage, { id, provider, survivor }: Pair): Promise<void> {
  const of = idOf((await survivor.services.messaging.getConversationForIncident(id)) ?? {})
  const [hers, theirs] = [survivor.chat(of), provider.chat(of)]
  await until('a socket', () => hers.now.isConnected && theirs.now.isConnected)
  hers.now.sendMessage('Which door?')
  await Promise.all([isShown(hers, 'Which door?'), isShown(theirs, 'Which door?')])
  theirs.now.sendMessage('The green one.')
  await Promise.all([isShown(hers, 'The green one.'), isShown(theirs, 'The green one.')])
  const { incomingMessage: heard } = theirs.seen.find(each => each.incomingMessage?.['content'] === 'Which door?') ?? {}
  const { user } = (await survivor.services.auth.getProfile()) as { user: Answer }
  same((heard?.['sender'] as Answer)['id'], user['id'])
  theirs.now.sendTypingStart()
  await until('that somebody types', () => hers.now.typingEvent?.['is_typing'] === true)
  hers.now.markRead(String(heard?.['id']))
  survivor.sockets.last?.terminate()
  await until('the break', () => !hers.now.isConnected)
  for (const words of ['Are you there?', 'I am waiting.']) theirs.now.sendMessage(words)
  await Promise.all(['Are you there?', 'I am waiting.'].map(words => isShown(hers, words)))
  for (const each of [hers, theirs]) each.end()
  say('they chat by the app’s own sockets, also after a connection broke')
}

const isShown = (chat: Used<{ incomingMessage: Answer | null }>, words: string): Promise<void> =>
  until(`“${words}”`, () => chat.seen.some(each => each.incomingMessage?.['content'] === words))

async function completes({ say }: Stage, { id, provider, survivor }: Pair): Promise<void> {
  await provider.services.assignments.updateIncidentStatus(id, 'completed', 'Brought to the clinic')
  const { getAssignedCases } = provider.services.assignments
  strictEqual(ofId(await getAssignedCases('accepted'), id)?.['status'], 'completed')
  strictEqual(ofId(await survivor.services.incidents.getIncidents(), id)?.['status'], 'completed')
  say('it is completed, although nobody could say what came of it')
}

async function dispatches(
  { say }: Stage,
  { dispatcher, survivor, providers }: { dispatcher: Device; survivor: Device; providers: readonly Device[] },
): Promise<void> {
  const { dispatcher: board } = dispatcher.services
  const id = idOf(await survivor.services.incidents.createIncident(reportOf({ urgency_level: 'routine' })))
  const figures = await board.getDispatcherDashboard()
  for (const [name, value] of Object.entries(figures))
    ok(typeof value === 'number' || name.startsWith('cases_by_'), `${name} is no number`)
  const waiting = ofId(await board.getAllCases({ status: 'pending_dispatcher_review' }), id)
  same([waiting?.['urgencyLevel'], waiting?.['survivorId']], ['routine', undefined])
  strictEqual(ofId(await board.getAllCases({ status: 'urgent' }), id), undefined)
  ok((await board.getAvailableProviders({ available_only: true })).length > 0)
  const [best] = await board.getProviderRecommendations(id)
  if (!best) throw new Error('nobody is recommended')
  await board.assignProviderToCase(id, idOf(best), 'Nearest')
  strictEqual((await board.getCaseDetail(id))['assignedProviderId'], idOf(best))
  const given = await whoIsAsked(providers, id)
  await given.services.assignments.acceptAssignment(id)
  await given.services.assignments.updateIncidentStatus(id, 'completed')
  say('dispatch gives a case, and the provider says yes')
}

async function editsAndDeletes({ say }: Stage, survivor: Device): Promise<void> {
  const { incidents } = survivor.services
  const id = idOf(await incidents.createIncident(reportOf({ urgency_level: 'routine' })))
  const description = 'Told otherwise'
  strictEqual((await incidents.updateIncident(id, { description }))['description'], description)
  strictEqual((await incidents.getIncidentDetail(id))['description'], description)
  ok(Number((await incidents.getIncidentStats())['total_incidents']) >= 3)
  await incidents.deleteIncident(id)
  strictEqual(ofId(await incidents.getIncidents(), id), undefined)
  say('a report is changed and taken back')
}

async function isRefused({ appPath, baseUrl, say }: Stage, survivor: Device): Promise<void> {
  const { assignments } = survivor.services
  await rejects(assignments.assignProvider(randomUUID(), randomUUID()), { status: 403 })
  await rejects(assignments.getAvailableProviders('police'), { status: 403 })
  const { auth } = new Device(appPath, baseUrl).services
  const person = { email: `${randomUUID()}@example.org`, password: PASSWORD, confirm_password: PASSWORD }
  await rejects(auth.register({ ...person, first_name: 'A', last_name: 'B', role: 'dispatcher' }), { status: 403 })
  say('what is not theirs is refused')
}

/** Once a 401 here was answered by a refresh and the same request again, for ever. */
async function typesWrong({ say }: Stage, survivor: Device, email: string): Promise<void> {
  const before = survivor.requests.length
  await rejects(
    survivor.services.auth.login({ email, password: 'mistyped' }),
    (error: Error & { getConciseMessage(): string }) => {
      ok(error.getConciseMessage().includes('password'), error.getConciseMessage())
      return true
    },
  )
  same(survivor.requests.slice(before), ['POST /auth/login/'])
  await rejects(survivor.services.auth.login({ email, password: '' }), { status: 400 })
  say('a wrong password is asked once, and told in words')
}

/** Several screens find at once that the token ran out: each refreshes, with the same refresh token. */
async function outlivesItsToken({ say }: Stage, survivor: Device): Promise<void> {
  const { auth, incidents } = survivor.services
  survivor.storage.set('access_token', 'ran.out.long-ago')
  const before = survivor.requests.length
  await Promise.all([auth.getProfile(), incidents.getIncidents(), incidents.getIncidentStats()])
  ok(survivor.requests.length - before <= 9, 'requests go round in circles')
  strictEqual(await auth.refreshToken(), true)
  ok(await auth.isAuthenticated())
  say('three screens refresh one token at once, and nobody is signed out')
}

async function signsOut({ say }: Stage, devices: readonly Device[]): Promise<void> {
  for (const { services, storage } of devices) {
    const token = storage.get('access_token') ?? ''
    await services.auth.logout()
    strictEqual(await services.auth.isAuthenticated(), false)
    storage.set('access_token', token)
    await rejects(services.auth.getProfile(), { status: 401 })
  }
  say('all sign out, and their tokens are worth nothing')
}

/** The app tries a socket again a second after it opened, whatever comes then: one that opens and closes would be tried for ever. */
async function isRefusedASocket({ say }: Stage, provider: Device, token: string): Promise<void> {
  const { tried, opened } = provider.sockets
  provider.storage.set('access_token', token)
  const watch = provider.watchCases({ id: randomUUID(), role: 'provider' })
  await until('a third try', () => provider.sockets.tried === tried + 3)
  watch.end()
  strictEqual(provider.sockets.opened, opened, 'a socket opens for somebody who has signed out')
  say('a socket is refused before it opens, and asked for more and more rarely')
}
