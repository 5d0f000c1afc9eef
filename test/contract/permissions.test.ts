import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROLES, type Role } from '../../domain/actors'
import { newId } from '../../platform/ids'
import { startWithPeople, type People } from '../builders/people'
import type { Reply, Someone } from '../harness/api'
import { addressOf, CALLS, exampleBody, type Call } from './calls'
import { refusalTo, strangersThing, type Things } from './strangers'

type Caller = Role | 'nobody'
const CALLERS: readonly Caller[] = ['nobody', ...ROLES]

/** The committed table: who may call what. */
const TABLE = new Map(
  readFileSync(join(__dirname, '../../docs/permissions.md'), 'utf8')
    .split('\n')
    .filter(line => line.startsWith('| `'))
    .map(line => {
      const [call = '', permission = '', ...marks] = line
        .split('|')
        .slice(1, -1)
        .map(cell => cell.trim())
      const roles = ROLES.filter((_role, index) => marks[index] === 'yes')
      const callers: Caller[] = permission === 'open to all' ? ['nobody', ...roles] : roles
      return [call.replaceAll('`', ''), new Set(callers)] as const
    }),
)

let people: People
/** People without anything of their own, one for each role. */
const strangers = new Map<Role, Someone>()
let things: Things
beforeAll(async () => {
  people = await startWithPeople()
  for (const role of ROLES) strangers.set(role, await people.api.someone(role))
  things = await strangersThing(people)
})
afterAll(() => people.api.stop())

const stranger = (role: Role): Someone => {
  const someone = strangers.get(role)
  if (!someone) throw new Error(`nobody is a ${role}`)
  return someone
}

async function ask(call: Call, caller: Someone | undefined, idFor: (name: string) => string): Promise<Reply> {
  const body = exampleBody(call)
  return people.api.call(call.verb, addressOf(call, idFor), {
    ...(caller && { token: caller.access }),
    ...(body !== undefined && { body }),
  })
}

it('the table has a row for every call, and no other', () => {
  expect([...TABLE.keys()].sort()).toEqual(CALLS.map(({ name }) => name).sort())
})

describe.each(CALLS)('$name', call => {
  it('opens to whom the table says, and to nobody else', async () => {
    const allowed = TABLE.get(call.name) ?? new Set<Caller>()
    for (const caller of CALLERS) {
      // What is allowed may end the caller's session: somebody new for each.
      const someone = caller === 'nobody' ? undefined : await people.api.someone(caller)
      const { status, body } = await ask(call, someone, () => newId())
      const code: unknown = body?.code
      if (allowed.has(caller))
        expect([caller, code]).not.toEqual([
          caller,
          expect.stringMatching(/^(TOKEN_MISSING|SESSION_REVOKED|FORBIDDEN)$/),
        ])
      else if (caller === 'nobody') expect([caller, status, code]).toEqual([caller, 401, 'TOKEN_MISSING'])
      else expect([caller, status, code]).toEqual([caller, 403, 'FORBIDDEN'])
    }
  })
})

describe.each(CALLS.filter(({ ids }) => ids.length > 0))('$name', call => {
  const callers = ROLES.filter(role => TABLE.get(call.name)?.has(role))

  it.each(['7', 'null', '0192b3c4-5d6e-7f80-91a2-b3c4d5e6f70', '%27%20or%201%3D1', '..%2f..%2f'])(
    'finds nothing under %s',
    async id => {
      for (const role of callers) {
        const { status, body } = await ask(call, stranger(role), () => id)
        expect([role, status, body.code]).toEqual([role, 404, expect.stringMatching(/_NOT_FOUND$/)])
      }
    },
  )

  it('finds nothing under an id that is nobody’s', async () => {
    for (const role of callers) {
      const { status, body } = await ask(call, stranger(role), () => newId())
      expect([role, status, body.code]).toEqual([role, 404, expect.stringMatching(/_NOT_FOUND$/)])
    }
  })

  it('gives nobody what is somebody else’s, not even that it exists', async () => {
    for (const role of callers) {
      const expected = refusalTo(call, role)
      if (expected === 'shared') continue
      const { status, body } = await ask(call, stranger(role), name => things.idFor(call, name))
      expect([role, status, body.code]).toEqual([role, 404, expected])
      const unknown = await ask(call, stranger(role), () => newId())
      expect({ ...body, request_id: '' }).toEqual({ ...unknown.body, request_id: '' })
    }
  })
})

describe('a provider who refused a case', () => {
  const calls = CALLS.filter(({ route }) => route.path.startsWith('/api/incidents/:id/'))
  it.each(calls)('$name says that it is over', async call => {
    if (!TABLE.get(call.name)?.has('provider')) return
    const { status, body } = await ask(call, things.formerProvider, () => things.refusedIncident)
    const isAnswer = call.route.permission === 'incident:answer'
    expect([status, body.code]).toEqual(isAnswer ? [409, 'OFFER_NOT_YOURS'] : [403, 'ACCESS_ENDED'])
  })
})

describe('an id inside a request', () => {
  it.each<[string, string, (ids: Things) => { path?: string; body?: unknown }, string]>([
    ['a message to a case', 'POST', ids => ({ body: { incident: ids.incident, content: 'x' } }), 'INCIDENT_NOT_FOUND'],
    [
      'a message to a conversation',
      'POST',
      ids => ({ body: { conversation_id: ids.conversation, content: 'x' } }),
      'CONVERSATION_NOT_FOUND',
    ],
    [
      'the messages of a conversation',
      'GET',
      ids => ({ path: `?conversation_id=${ids.conversation}` }),
      'CONVERSATION_NOT_FOUND',
    ],
  ])('%s that is somebody else’s finds nothing', async (_what, method, ask, code) => {
    const { path = '', body } = ask(things)
    for (const role of ['survivor', 'provider'] as const) {
      const reply = await people.api.call(method, `/api/messages/${path}`, {
        token: stranger(role).access,
        ...(body !== undefined && { body }),
      })
      expect([role, reply.status, reply.body.code]).toEqual([role, 404, code])
    }
  })
})
