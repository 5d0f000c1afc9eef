import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { z } from 'zod'
import { refusalsOf } from '../../api/route-refusals'
import { REFUSALS, type RefusalCode } from '../../domain/refusals'
import { Schemas } from '../harness/schemas'
import { CALLS, DOCUMENT, JSON_TYPE } from './calls'

const schemas = new Schemas(DOCUMENT)
const PROBLEM = 'application/problem+json'
const EXAMPLES = '#/components/examples/'
const exampleAt = (ref: string): unknown => DOCUMENT.components.examples[ref.slice(EXAMPLES.length)]?.value
const faultsOf = (error: z.ZodError | undefined): string[] =>
  (error?.issues ?? []).map(issue => `${issue.path.join('.')} ${issue.message}`)
const run = promisify(execFile)
const ROOT = join(__dirname, '../..')
const program = (...path: string[]): string => join(ROOT, 'node_modules', ...path)

let folder: string
let file: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kesi-document-'))
  file = join(folder, 'openapi.json')
  writeFileSync(file, JSON.stringify(DOCUMENT))
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('two validators find nothing', () => {
  // Our paths end with a slash, as the contract says; every other rule of the strictest set holds.
  const OURS = ['--extends', 'recommended-strict', '--skip-rule', 'no-path-trailing-slash']

  it('redocly', async () => {
    const quiet = { REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' }
    const args = [program('@redocly', 'cli', 'bin', 'cli.js'), 'lint', ...OURS, '--format', 'json', file]
    const found = await run(process.execPath, args, { cwd: folder, env: { ...process.env, ...quiet } }).catch(
      (failed: { stdout: string }) => failed,
    )
    const { problems } = JSON.parse(found.stdout) as {
      problems: { ruleId: string; message: string; location: { pointer: string }[] }[]
    }
    expect(problems.map(each => [each.ruleId, each.message, each.location[0]?.pointer])).toEqual([])
  })

  it('the schema of OpenAPI 3.1', async () => {
    const args = [program('@seriousme', 'openapi-schema-validator', 'bin', 'validate-api-cli.js'), file]
    const { stdout } = await run(process.execPath, args)
    expect(JSON.parse(stdout)).toEqual({ valid: true })
  })
})

describe('the chapters', () => {
  it('are described, each of them', () => {
    for (const { name, description } of DOCUMENT.tags) expect([name, description]).toEqual([name, expect.any(String)])
  })
})

describe.each(CALLS)('$name', ({ method, route, operation, steps }) => {
  it('says what it does, where it belongs and who may', () => {
    expect(operation.summary).toMatch(/^[A-Z][^.]+[^.]$/)
    expect(operation.tags).toHaveLength(1)
    expect(DOCUMENT.tags.map(({ name }) => name)).toContain(operation.tags[0])
    expect(operation.description).toMatch(/Open to everybody\.|Needs the permission/)
  })

  it('declares each refusal with an example', () => {
    for (const code of refusalsOf(route, method)) {
      const media = operation.responses[REFUSALS[code].status]?.content?.[PROBLEM]
      expect(media?.examples?.[code]?.$ref).toBe(EXAMPLES + code)
    }
  })

  it('has examples of what is sent and answered, and they are true', () => {
    const sent = operation.requestBody?.content[JSON_TYPE]
    if (sent) expect(faultsOf(route.body?.safeParse(sent.example).error)).toEqual([])
    for (const [status, { content }] of Object.entries(operation.responses)) {
      const media = content?.[JSON_TYPE]
      if (!media) continue
      const [shared] = Object.values(media.examples ?? {})
      const value = shared ? exampleAt(shared.$ref) : media.example
      expect(value).toBeDefined()
      expect(schemas.faultAt([...steps, 'responses', status, 'content', JSON_TYPE, 'schema'], value)).toBeUndefined()
    }
  })
})

it.each(Object.keys(REFUSALS) as RefusalCode[])('the example of %s is one', code => {
  const example = exampleAt(EXAMPLES + code)
  // A code that no route declares is answered before a route is found.
  if (example === undefined) return expect(['ROUTE_NOT_FOUND', 'METHOD_NOT_ALLOWED']).toContain(code)
  expect(schemas.faultAt(['components', 'schemas', `Problem.${code}`], example)).toBeUndefined()
})

it('the names of calls follow from method and address alone, so that they never change by themselves', () => {
  const names = CALLS.map(({ operation }) => operation.operationId)
  expect(new Set(names).size).toBe(names.length)
  for (const { name, operation } of CALLS)
    expect(operation.operationId).toBe(
      name
        .toLowerCase()
        .replace(/ \/(api\/)?/, '_')
        .replace(/[^a-z0-9]+/g, '_')
        .replace(/_$/, ''),
    )
})
