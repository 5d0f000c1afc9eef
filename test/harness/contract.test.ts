import { z } from 'zod'
import { idParams } from '../../api/fields'
import { defineRoute } from '../../api/route'
import { Contract, type Answered } from './contract'

const ID = '0192b3c4-0000-7000-8000-000000000001'
const JSON_TYPE = 'application/json; charset=utf-8'
const PROBLEM_TYPE = 'application/problem+json; charset=utf-8'

const contract = new Contract([
  defineRoute({
    method: ['get', 'delete'],
    path: '/api/things/:id/',
    permission: 'incident:read',
    summary: 'One',
    tags: [],
    params: idParams,
    response: z.object({ id: z.uuid(), many: z.number().nullable() }),
    errors: ['INCIDENT_NOT_FOUND'],
    handler: async ({ params }) => ({ id: params.id, many: 1 }),
  }),
  defineRoute({
    method: 'post',
    path: '/api/things/stats/',
    permission: 'public',
    summary: 'None',
    tags: [],
    errors: [],
    handler: async () => undefined,
  }),
])

const good: Answered = {
  method: 'GET',
  path: `/api/things/${ID}/?full=yes`,
  status: 200,
  type: JSON_TYPE,
  body: { id: ID, many: null },
}
const problem = (status: number, code: string, title: string): Partial<Answered> => ({
  status,
  type: PROBLEM_TYPE,
  body: { type: 'http://kesi.test/', title, status, code, detail: '', message: '', request_id: ID },
})
const judge = (more: Partial<Answered>): string | undefined => contract.contradiction({ ...good, ...more })

it.each<[string, Partial<Answered>]>([
  ['what is declared', {}],
  ['without the slash', { path: `/api/things/${ID}` }],
  ['a head without a body', { method: 'HEAD', body: '', type: null }],
  ['a declared refusal', problem(404, 'INCIDENT_NOT_FOUND', 'No such incident')],
  ['a method that is refused as such', { method: 'PUT', status: 405 }],
  ['an address that nobody declared', { path: '/swagger/', status: 200, type: 'text/html', body: '' }],
  ['an address that cannot be read', { path: '/api/things/%E0%A4%A/', status: 404 }],
  ['no content', { method: 'POST', path: '/api/things/stats/', status: 204, type: null, body: '' }],
])('lets pass %s', (_what, more) => {
  expect(judge(more)).toBeUndefined()
})

it.each<[string, Partial<Answered>, RegExp]>([
  ['a field of another type', { body: { id: ID, many: 'one' } }, /many must be/],
  ['a format that is not kept', { body: { id: 'seven', many: 1 } }, /id must match/],
  ['a field that is missing', { body: { id: ID } }, /must have required property 'many'/],
  ['a status that is not declared', { status: 202 }, /status 202 is not declared/],
  ['another kind of content', { type: 'text/html' }, /text\/html/],
  ['a method that is not declared', { method: 'PUT' }, /not declared was answered 200/],
  ['a refusal of another route', problem(404, 'POLICY_NOT_FOUND', 'No such policy'), /POLICY_NOT_FOUND/],
  ['a refusal with the title of another', problem(404, 'INCIDENT_NOT_FOUND', 'No such policy'), /title must be/],
  ['content where there is none', { method: 'POST', path: '/api/things/stats/', status: 204 }, /no content/],
  // A fixed segment comes before a parameter: this is not the thing called `stats`.
  ['the wrong one of two addresses', { path: '/api/things/stats/' }, /not declared was answered 200/],
])('finds %s', (_what, more, words) => {
  expect(judge(more)).toMatch(words)
})
