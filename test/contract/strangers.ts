import type { Role } from '../../domain/actors'
import { newId } from '../../platform/ids'
import type { People } from '../builders/people'
import type { Someone } from '../harness/api'
import type { Call } from './calls'

/** What is somebody else's, and what a stranger is told of it. */
interface Owned {
  /** The paths under which such a thing is found. */
  readonly under: string
  readonly refusal: string
  /** Roles to which it belongs as well, whoever made it. */
  readonly sharedWith: readonly Role[]
}

const STAFF: readonly Role[] = ['dispatcher', 'admin']

// The first that fits counts. A path with an id that stands nowhere here fails its test: somebody must say whose the thing is.
const OWNED: readonly Owned[] = [
  { under: '/api/auth/devices/', refusal: 'DEVICE_NOT_FOUND', sharedWith: [] },
  { under: '/api/auth/passkeys/', refusal: 'PASSKEY_NOT_FOUND', sharedWith: [] },
  { under: '/api/auth/sessions/', refusal: 'SESSION_NOT_FOUND', sharedWith: [] },
  { under: '/api/auth/invitations/', refusal: 'INVITATION_NOT_FOUND', sharedWith: ['admin'] },
  { under: '/api/auth/users/', refusal: 'USER_NOT_FOUND', sharedWith: ['admin'] },
  { under: '/api/dispatch/drills/', refusal: 'DRILL_NOT_FOUND', sharedWith: STAFF },
  { under: '/api/dispatch/policies/', refusal: 'POLICY_NOT_FOUND', sharedWith: STAFF },
  { under: '/api/incidents/', refusal: 'INCIDENT_NOT_FOUND', sharedWith: STAFF },
  { under: '/api/messages/conversations/', refusal: 'CONVERSATION_NOT_FOUND', sharedWith: STAFF },
  { under: '/api/messages/', refusal: 'MESSAGE_NOT_FOUND', sharedWith: STAFF },
  { under: '/api/notices/', refusal: 'NOTICE_NOT_FOUND', sharedWith: [] },
  { under: '/api/providers/', refusal: 'PROVIDER_NOT_FOUND', sharedWith: STAFF },
  { under: '/api/webhooks/', refusal: 'WEBHOOK_NOT_FOUND', sharedWith: ['admin'] },
  { under: '/api/api-keys/', refusal: 'API_KEY_NOT_FOUND', sharedWith: ['admin'] },
]

function ownedBy({ name, route }: Call): Owned {
  const found = OWNED.find(({ under }) => route.path.startsWith(under))
  if (!found) throw new Error(`${name}: say in ${__filename} whose thing its id names`)
  return found
}

/** The refusal that a stranger of this role gets for somebody else's thing, or that there is no somebody else. */
export function refusalTo(call: Call, role: Role): string {
  const { refusal, sharedWith } = ownedBy(call)
  return sharedWith.includes(role) ? 'shared' : refusal
}

/** Things of other people, by what they are. */
export interface Things {
  readonly incident: string
  readonly conversation: string
  /** An incident that was offered to this provider, who refused it. */
  readonly refusedIncident: string
  readonly formerProvider: Someone
  /** The id of somebody else's thing of the kind that the call speaks of. */
  idFor(call: Call, name: string): string
}

/** Makes one thing of each kind, none of which is a stranger's. */
export async function strangersThing(people: People): Promise<Things> {
  const { survivor, dispatcher, admin } = people
  const formerProvider = await people.onlyProvider()
  const refused = await people.report({}, survivor)
  await must(people.post(`/api/incidents/${refused.id}/reject/`, { reason: 'busy' }, formerProvider))
  const incident: string = (await people.report({}, survivor)).id
  const said = await must(people.post('/api/messages/', { incident, content: 'Hello' }, survivor))
  const device = { registration_token: `token-${newId()}-of-somebody`, device_type: 'web' }
  const apiKey = { name: 'desk', scopes: ['incident:list'] }
  const invited = { email: `${newId()}@example.org`, role: 'dispatcher' }
  const kinds: Readonly<Record<string, string>> = {
    '/api/auth/devices/': (await must(people.post('/api/auth/devices/', device, survivor))).id,
    '/api/auth/passkeys/': await passkeyOf(people, survivor),
    '/api/auth/sessions/': (await must(people.get('/api/auth/sessions/', survivor)))[0].id,
    '/api/auth/invitations/': (await must(people.post('/api/auth/invitations/', invited, admin))).id,
    '/api/auth/users/': survivor.id,
    '/api/dispatch/drills/': await drillOf(people, dispatcher),
    '/api/dispatch/policies/': (await must(people.get('/api/dispatch/policies/', dispatcher))).results[0].id,
    '/api/incidents/': incident,
    '/api/messages/conversations/': said.conversation_id,
    '/api/messages/': said.id,
    '/api/notices/': (await must(people.get('/api/notices/', dispatcher))).results[0].id,
    '/api/providers/': formerProvider.id,
    '/api/webhooks/': (await must(people.post('/api/webhooks/', { url: 'https://hooks.example.org/' }, admin))).id,
    '/api/api-keys/': (await must(people.post('/api/api-keys/', apiKey, admin))).id,
  }
  return {
    incident,
    conversation: said.conversation_id,
    refusedIncident: refused.id,
    formerProvider,
    // A second id in a path names a part of the first thing.
    idFor: (call, name) => (name === 'id' ? (kinds[ownedBy(call).under] ?? '') : formerProvider.id),
  }
}

/** A passkey as its ceremony leaves it; the ceremony has tests of its own. */
async function passkeyOf({ api }: People, { id: user_id }: Someone): Promise<string> {
  const id = newId()
  const made = { id, user_id, credential_id: id, public_key: 'a2VzaQ', counter: 0, device: 'Test' }
  await api.database.db('passkeys').insert(made)
  return id
}

/** A drill that is over: a running one would refuse the next. */
async function drillOf({ api }: People, { id: started_by }: Someone): Promise<string> {
  const id = newId()
  await api.database.db('drills').insert({ id, started_by, channels: ['email'], started_at: new Date(0) })
  return id
}

/** What came back, which must be a success. */
export async function must(asked: ReturnType<People['get']>): Promise<Awaited<ReturnType<People['get']>>['body']> {
  const { status, body } = await asked
  if (status < 300) return body
  throw new Error(`could not be made: ${status} ${JSON.stringify(body)}`)
}
