import { ROLES, type Role } from '../../../domain/actors'
import { newId } from '../../../platform/ids'
import { startWithApp, type App } from '../../../test/builders/app'
import { addressOf, callsOf, exampleBody, type Call, type Document } from '../../../test/contract/calls'
import { strangersThing, type Things } from '../../../test/contract/strangers'
import type { Reply, Someone } from '../../../test/harness/api'
import { openApiOf } from '../../openapi'
import { kintaraa } from './kintaraa.client'

const CALLS = callsOf(kintaraa.routes, openApiOf(kintaraa.routes, '1.2.3', kintaraa.dialect) as Document)
type Caller = Role | 'nobody'
const CALLERS: readonly Caller[] = ['nobody', ...ROLES]

const EVERYBODY: readonly Caller[] = CALLERS
const SIGNED_IN: readonly Caller[] = ROLES
const STAFF: readonly Caller[] = ['dispatcher', 'admin']
const NOT_PROVIDERS: readonly Caller[] = ['survivor', 'dispatcher', 'admin']
const PROVIDERS: readonly Caller[] = ['provider']

/** Who may call what, written down by hand: the declarations are held against it. */
const TABLE: Readonly<Record<string, readonly Caller[]>> = {
  'POST /auth/register/': EVERYBODY,
  'POST /auth/login/': EVERYBODY,
  'POST /auth/refresh/': EVERYBODY,
  'POST /auth/token/refresh/': EVERYBODY,
  'GET /auth/health/': EVERYBODY,
  'GET /auth/roles/': EVERYBODY,
  'POST /auth/logout/': SIGNED_IN,
  'GET /auth/me/': SIGNED_IN,
  'PUT /auth/me/update/': SIGNED_IN,
  'POST /auth/biometric/enable/': SIGNED_IN,
  'POST /auth/biometric/disable/': SIGNED_IN,
  'POST /incidents/': SIGNED_IN,
  'GET /incidents/': SIGNED_IN,
  'GET /incidents/stats/': SIGNED_IN,
  'POST /incidents/upload-voice/': SIGNED_IN,
  'GET /incidents/{id}/': SIGNED_IN,
  'PATCH /incidents/{id}/': SIGNED_IN,
  'DELETE /incidents/{id}/': NOT_PROVIDERS,
  'PATCH /incidents/{id}/accept/': PROVIDERS,
  'POST /incidents/{id}/accept/': PROVIDERS,
  'PATCH /incidents/{id}/reject/': PROVIDERS,
  'POST /incidents/{id}/reject/': PROVIDERS,
  'PATCH /incidents/{id}/status/': SIGNED_IN,
  'POST /incidents/{id}/status/': SIGNED_IN,
  'POST /incidents/{id}/assign/': STAFF,
  'GET /providers/assigned-cases/': PROVIDERS,
  'GET /providers/available/': STAFF,
  'PATCH /providers/cases/{id}/status/': SIGNED_IN,
  'POST /providers/cases/{id}/status/': SIGNED_IN,
  'GET /dispatch/dashboard/': STAFF,
  'GET /dispatch/cases/': STAFF,
  'GET /dispatch/cases/{id}/': STAFF,
  'POST /dispatch/cases/{id}/assign/': STAFF,
  'POST /dispatch/cases/{id}/reassign/': STAFF,
  'GET /dispatch/cases/{id}/recommendations/': STAFF,
  'GET /dispatch/providers/': STAFF,
  'GET /messaging/conversations/': SIGNED_IN,
  'GET /messaging/conversations/{id}/messages/': SIGNED_IN,
  'POST /messaging/conversations/{id}/messages/': SIGNED_IN,
  'POST /messaging/conversations/{id}/send_message/': SIGNED_IN,
  'POST /messaging/conversations/{id}/mark-all-read/': SIGNED_IN,
  'POST /messaging/conversations/{id}/messages/{message_id}/read/': SIGNED_IN,
  'PATCH /messaging/conversations/{id}/messages/{message_id}/read/': SIGNED_IN,
  'POST /messaging/push-token/': SIGNED_IN,
}
const rowOf = ({ name }: Call): string => name.replace('/clients/kintaraa/api', '')

let app: App
let things: Things
let message = ''
const strangers = new Map<Role, Someone>()
beforeAll(async () => {
  app = await startWithApp()
  for (const role of ROLES) strangers.set(role, await app.people.api.someone(role))
  things = await strangersThing(app.people)
  const found = await app.people.api.database.db('messages').where({ conversation_id: things.conversation }).first('id')
  message = found.id
})
afterAll(() => app.people.api.stop())

const stranger = (role: Role): Someone => {
  const someone = strangers.get(role)
  if (!someone) throw new Error(`nobody is a ${role}`)
  return someone
}

function ask(call: Call, caller: Someone | undefined, idFor: (name: string) => string): Promise<Reply> {
  const body = exampleBody(call)
  return app.people.api.call(call.verb, addressOf(call, idFor), {
    ...(caller && { token: caller.access }),
    ...(body !== undefined && { body }),
  })
}

it('the table has a row for every call, and no other', () => {
  expect(Object.keys(TABLE).sort()).toEqual(CALLS.map(rowOf).sort())
})

describe.each(CALLS)('$name', call => {
  it('opens to whom the table says, and to nobody else', async () => {
    const allowed = TABLE[rowOf(call)] ?? []
    for (const caller of CALLERS) {
      const someone = caller === 'nobody' ? undefined : await app.people.api.someone(caller)
      const { status, headers, body } = await ask(call, someone, () => newId())
      const code: unknown = body?.code
      if (status >= 400) expect(headers.get('content-type')).toBe('application/json; charset=utf-8')
      if (allowed.includes(caller))
        expect([caller, code]).not.toEqual([
          caller,
          expect.stringMatching(/^(TOKEN_MISSING|SESSION_REVOKED|FORBIDDEN)$/),
        ])
      else if (caller === 'nobody') expect([caller, status, code]).toEqual([caller, 401, 'TOKEN_MISSING'])
      else expect([caller, status, code]).toEqual([caller, 403, 'FORBIDDEN'])
      // To the app a 401 is a token that ran out, and nothing else: it refreshes and repeats.
      if (allowed === EVERYBODY) expect([caller, status]).not.toEqual([caller, 401])
    }
  })
})

describe.each(CALLS.filter(({ ids }) => ids.length > 0))('$name', call => {
  const callers = ROLES.filter(role => TABLE[rowOf(call)]?.includes(role))
  const isConversation = call.route.path.includes('/conversations/')

  it.each(['7', 'null', '0192b3c4-5d6e-7f80-91a2-b3c4d5e6f70', '%27%20or%201%3D1', '..%2f..%2f'])(
    'finds nothing under %s',
    async id => {
      for (const role of callers) {
        const { status, body } = await ask(call, stranger(role), () => id)
        expect([role, status, body.code]).toEqual([role, 404, expect.stringMatching(/_NOT_FOUND$/)])
      }
    },
  )

  it('gives nobody what is somebody else’s, not even that it exists', async () => {
    const own = (name: string): string => {
      if (name === 'message_id') return message
      return isConversation ? things.conversation : things.incident
    }
    for (const role of callers) {
      if (STAFF.includes(role)) continue
      const theirs = await ask(call, stranger(role), own)
      expect([role, theirs.status, theirs.body.code]).toEqual([role, 404, expect.stringMatching(/_NOT_FOUND$/)])
      const nobodys = await ask(call, stranger(role), () => newId())
      expect({ ...theirs.body, request_id: '' }).toEqual({ ...nobodys.body, request_id: '' })
    }
  })
})

describe('a provider who refused a case', () => {
  const calls = CALLS.filter(
    call => /\/(incidents|cases)\/:id\//.test(call.route.path) && TABLE[rowOf(call)]?.includes('provider'),
  )
  it.each(calls)('$name says that it is over', async call => {
    const { status, body } = await ask(call, things.formerProvider, () => things.refusedIncident)
    const isAnswer = call.route.permission === 'incident:answer'
    expect([status, body.code]).toEqual(isAnswer ? [409, 'OFFER_NOT_YOURS'] : [403, 'ACCESS_ENDED'])
  })
})
