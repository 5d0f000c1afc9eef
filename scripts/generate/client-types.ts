import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** The part of the document that is changed for the types. */
interface Document {
  paths: Record<string, Record<string, { responses: Record<string, Answer> }>>
  components: { schemas: Record<string, Schema>; examples?: object }
}

interface Answer {
  description: string
  content?: Record<string, { schema: object; examples?: object }>
}

interface Schema {
  properties?: Record<string, { enum?: unknown[] }>
}

const HEADER = `// Generated from the route declarations by \`npm run generate\`; do not edit.
/* eslint-disable */
`
const PROBLEM = 'Problem.'
// Else a field with a default would have to be sent.
const OPTIONS = ['--default-non-nullable=false']
const OUTPUT_BYTES_AT_MOST = 64 * 1024 * 1024

/** `api/client/api-types.ts`: every call with what it takes and answers, as types. */
export function clientTypes(openapi: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'kesi-generate-'))
  try {
    const file = join(folder, 'openapi.json')
    writeFileSync(file, JSON.stringify(withOneProblem(JSON.parse(openapi) as Document)))
    // As a program of its own: half of it are ES modules, which the tests' loader cannot require.
    const program = join(dirname(require.resolve('openapi-typescript/package.json')), 'bin', 'cli.js')
    return (
      HEADER +
      execFileSync(process.execPath, [program, file, ...OPTIONS], {
        encoding: 'utf8',
        maxBuffer: OUTPUT_BYTES_AT_MOST,
        stdio: ['ignore', 'pipe', 'pipe'],
      })
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Whoever calls looks at the code of a refusal: one type with all codes says that in a third of the lines. */
function withOneProblem(document: Document): Document {
  const { schemas } = document.components
  const [first, ...others] = Object.entries(schemas).filter(([name]) => name.startsWith(PROBLEM))
  const codeOf = ([, schema]: [string, Schema]): unknown[] => schema.properties?.['code']?.enum ?? []
  if (!first) return document
  const codes = [first, ...others].flatMap(codeOf)
  const text = { type: 'string' }
  const properties = {
    ...first[1].properties,
    title: text,
    status: { type: 'integer' },
    code: { type: 'string', enum: codes },
  }
  for (const [name] of [first, ...others]) delete schemas[name]
  schemas['Problem'] = { ...first[1], properties, description: 'Why a request was refused' } as Schema
  const refused = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } }
  for (const operation of Object.values(document.paths).flatMap(path => Object.values(path))) {
    const done = Object.entries(operation.responses).filter(([status]) => status.startsWith('2'))
    for (const media of done.flatMap(([, { content = {} }]) => Object.values(content))) delete media.examples
    operation.responses = { ...Object.fromEntries(done), default: { description: 'Refused', content: refused } }
  }
  delete document.components.examples
  return document
}
