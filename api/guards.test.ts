import { ROLES, type Role } from '../domain/actors'
import { permits } from '../domain/permissions'
import { newId } from '../platform/ids'
import { startTestApi, type Someone, type TestApi } from '../test/harness/api'
import { ROUTES } from './routes'

let api: TestApi
const people = new Map<Role, Someone>()
beforeAll(async () => {
  api = await startTestApi()
  for (const role of ROLES) people.set(role, await api.someone(role))
})
afterAll(() => api.stop())

const GUARDED = ROUTES.flatMap(({ permission, methods, path }) =>
  permission === 'public' ? [] : methods.map(method => ({ method, path, permission })),
)
const address = (path: string): string => path.replaceAll(/:\w+/g, () => newId())

describe.each(GUARDED)('$method $path', ({ method, path, permission }) => {
  it('is closed without a token', async () => {
    const { status, body } = await api.call(method.toUpperCase(), address(path))
    expect([status, body.code]).toEqual([401, 'TOKEN_MISSING'])
  })

  it('is closed to every other role', async () => {
    for (const role of ROLES) {
      if (permits(role, permission)) continue
      const { status, body } = await api.call(method.toUpperCase(), address(path), {
        token: people.get(role)?.access ?? '',
      })
      expect([role, status, body.code]).toEqual([role, 403, 'FORBIDDEN'])
    }
  })
})

it('an incident that is nobody’s is nobody’s, whatever is asked of it', async () => {
  const routes = ROUTES.filter(route => route.path.startsWith('/api/incidents/:id/'))
  const bodies = [
    ...[{}, { reason: 'other' }, { version: 1 }, { reason: 'busy' }, { status: 'in_progress' }],
    { providers: [newId()] },
  ]
  for (const route of routes)
    for (const [role, someone] of people) {
      if (route.permission === 'public' || !permits(role, route.permission)) continue
      const method = route.methods[0]?.toUpperCase() ?? 'GET'
      const replies =
        method === 'GET' || method === 'DELETE'
          ? [await api.call(method, address(route.path), { token: someone.access })]
          : await Promise.all(
              bodies.map(body => api.call(method, address(route.path), { token: someone.access, body })),
            )
      expect(replies.map(reply => reply.status)).toContain(404)
      expect(replies.some(reply => reply.status < 400)).toBe(false)
    }
})
