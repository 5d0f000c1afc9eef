import { join } from 'node:path'
import { ROUTES } from '../api/routes'
import { CASE_TYPES } from '../domain/case-types'
import { EVENTS } from '../domain/events'
import { REFUSALS } from '../domain/refusals'
import { generatedFiles, staleFiles } from './generate'

const files = generatedFiles('1.2.3')
const openapi = JSON.parse(files['openapi.json'] ?? '') as {
  openapi: string
  info: { version: string }
  paths: Record<
    string,
    Record<string, { operationId: string; security: unknown[]; responses: Record<string, unknown> }>
  >
  components: { schemas: Record<string, unknown> }
}
const operations = Object.values(openapi.paths).flatMap(path => Object.values(path))

describe('the generated files', () => {
  it('are the same whenever they are made', () => {
    expect(generatedFiles('1.2.3')).toEqual(files)
  })

  it('are known to be stale when a byte differs or a file is missing', () => {
    expect(staleFiles(join(__dirname, 'generate'), files).sort()).toEqual(Object.keys(files).sort())
  })

  it('name every refusal, every event and every lifecycle', () => {
    for (const code of Object.keys(REFUSALS)) expect(files['docs/errors.md']).toContain(`\`${code}\``)
    for (const type of Object.keys(EVENTS)) expect(files['docs/events.md']).toContain(`\`${type}\``)
    for (const code of Object.keys(CASE_TYPES)) expect(files['docs/incident-lifecycle.md']).toContain(code)
  })

  it('name every call', () => {
    const calls = ROUTES.flatMap(({ methods, path }) =>
      methods.map(method => `\`${method.toUpperCase()} ${path.replace(/:(\w+)/g, '{$1}')}\``),
    )
    for (const call of calls) expect(files['docs/permissions.md']).toContain(call)
    expect(operations).toHaveLength(calls.length)
  })
})

describe('openapi.json', () => {
  it('has one id for each operation, a problem for each refusal, and says what is open', () => {
    expect([openapi.openapi, openapi.info.version]).toEqual(['3.1.0', '1.2.3'])
    const ids = operations.map(operation => operation.operationId)
    expect(new Set(ids).size).toBe(ids.length)
    expect(operations.every(({ responses }) => '500' in responses && '400' in responses)).toBe(true)
    const open = Object.entries(openapi.paths).flatMap(([path, methods]) =>
      Object.values(methods).some(({ security }) => security.length === 0) ? [path] : [],
    )
    const expected = ROUTES.filter(route => route.permission === 'public').map(({ path }) =>
      path.replace(/:(\w+)/g, '{$1}'),
    )
    expect(open.sort()).toEqual([...new Set(expected)].sort())
    expect(openapi.components.schemas).toHaveProperty(['Problem.VALIDATION_FAILED'])
  })

  it('refers to nothing that is not there', () => {
    for (const [, name] of (files['openapi.json'] ?? '').matchAll(/"#\/components\/schemas\/([^"]+)"/g))
      expect(openapi.components.schemas).toHaveProperty([name ?? ''])
  })
})
