/** One call of a story. */
export interface Step {
  readonly operationId: string
  readonly as: 'nobody' | 'survivor' | 'provider' | 'dispatcher' | 'admin'
  readonly body?: unknown
  readonly query?: readonly string[]
  /** Its path, where an id is another than the newest of its kind. */
  readonly path?: string
  readonly status: number
  /** Lines of script before it is sent, and after it was answered. */
  readonly before?: readonly string[]
  readonly after?: readonly string[]
}

const keepTokens = (role: string): string[] => [
  'const { access, refresh, user } = pm.response.json()',
  `pm.collectionVariables.set('${role}_token', access)`,
  `pm.collectionVariables.set('${role}_refresh', refresh)`,
  `pm.collectionVariables.set('${role}_user', user.id)`,
]

const signIn = (role: 'provider' | 'dispatcher' | 'admin', more: readonly string[] = []): Step => ({
  operationId: 'post_auth_login',
  as: 'nobody',
  body: { email: `{{${role}_email}}`, password: `{{${role}_password}}` },
  status: 200,
  after: [...keepTokens(role), ...more],
})

/** Somebody new reports; staff and the responder of the environment sign in. Their tokens are kept for all that follows. */
export const EVERYBODY: readonly Step[] = [
  {
    operationId: 'post_auth_register',
    as: 'nobody',
    body: { username: '{{survivor_name}}', password: '{{survivor_password}}', role: 'survivor', language: 'sw' },
    status: 201,
    before: [
      "const mark = pm.variables.replaceIn('{{$guid}}')",
      "pm.collectionVariables.set('survivor_name', `river-${mark.slice(0, 18)}`)",
      "pm.collectionVariables.set('survivor_password', `a sentence of mine ${mark}`)",
    ],
    after: keepTokens('survivor'),
  },
  // Somebody for the administrator to act on: what is done to an account ends its sessions, and the survivor's is still needed.
  {
    operationId: 'post_auth_register',
    as: 'nobody',
    body: { username: '{{survivor_name}}-too', password: '{{survivor_password}}', role: 'survivor' },
    status: 201,
    after: ["pm.collectionVariables.set('users_id', pm.response.json().user.id)"],
  },
  signIn('provider', ["pm.collectionVariables.set('providers_id', user.id)"]),
  signIn('dispatcher'),
  signIn('admin'),
  {
    operationId: 'post_auth_refresh',
    as: 'nobody',
    body: { refresh: '{{survivor_refresh}}' },
    status: 200,
    after: [
      'const { access, refresh } = pm.response.json()',
      "pm.collectionVariables.set('survivor_token', access)",
      "pm.collectionVariables.set('survivor_refresh', refresh)",
    ],
  },
]

const STATUS = (expected: string): string =>
  `pm.test('the case is ${expected}', () => pm.expect(pm.response.json().status).to.eql('${expected}'))`

/** A report that waits for review, is assigned, talked about, worked and closed. */
export const CASE: readonly Step[] = [
  {
    operationId: 'post_incidents',
    as: 'survivor',
    body: { urgency: 'routine', incident_type: 'physical', location: { lat: -1.28, lng: 36.82 } },
    status: 201,
    after: [STATUS('pending_dispatcher_review')],
  },
  { operationId: 'get_incidents_id', as: 'survivor', status: 200 },
  { operationId: 'get_dispatch_dashboard', as: 'dispatcher', status: 200 },
  {
    operationId: 'get_dispatch_recommendations',
    as: 'dispatcher',
    query: ['incident={{incidents_id}}'],
    status: 200,
  },
  {
    operationId: 'post_dispatch_assign',
    as: 'dispatcher',
    body: {
      incident: '{{incidents_id}}',
      provider: '{{providers_id}}',
      force: true,
      reason: 'a run of the collection',
    },
    status: 200,
    after: [STATUS('assigned')],
  },
  {
    operationId: 'post_messages',
    as: 'survivor',
    body: { incident: '{{incidents_id}}', content: 'When will you come?' },
    status: 201,
    after: ["pm.collectionVariables.set('conversations_id', pm.response.json().conversation_id)"],
  },
  {
    operationId: 'get_messages',
    as: 'provider',
    query: ['conversation_id={{conversations_id}}'],
    status: 200,
  },
  {
    operationId: 'post_incidents_id_status',
    as: 'provider',
    body: { status: 'in_progress' },
    status: 200,
    after: [STATUS('in_progress')],
  },
  {
    operationId: 'post_incidents_id_status',
    as: 'provider',
    body: { status: 'completed', outcome: 'resolved' },
    status: 200,
    after: [STATUS('completed')],
  },
  { operationId: 'get_incidents_id_timeline', as: 'survivor', status: 200 },
  { operationId: 'post_incidents_id_close', as: 'survivor', body: {}, status: 200, after: [STATUS('closed')] },
]
