import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { openApiOf } from '../api/openapi'
import { ROUTES } from '../api/routes'
import { clientTypes } from './generate/client-types'
import { postmanFiles } from './generate/postman'
import { errorsDocument, eventsDocument, lifecycleDocument, permissionsDocument } from './generate/documents'

/** Every file that is made from the sources, by its path in the project. */
export function generatedFiles(version: string): Readonly<Record<string, string>> {
  const openapi = `${JSON.stringify(openApiOf(ROUTES, version), null, 2)}\n`
  const postman = postmanFiles(openapi)
  return {
    'openapi.json': openapi,
    'docs/postman/kesi.postman_collection.json': postman.collection,
    'docs/postman/kesi.postman_environment.json': postman.environment,
    'api/client/api-types.ts': clientTypes(openapi),
    'docs/errors.md': errorsDocument(ROUTES),
    'docs/permissions.md': permissionsDocument(ROUTES),
    'docs/events.md': eventsDocument(),
    'docs/incident-lifecycle.md': lifecycleDocument(),
  }
}

/** The files that differ from what the sources say, or are missing. */
export function staleFiles(root: string, files: Readonly<Record<string, string>>): string[] {
  return Object.entries(files)
    .filter(([path, text]) => !existsSync(join(root, path)) || readFileSync(join(root, path), 'utf8') !== text)
    .map(([path]) => path)
}

/** `npm run generate` writes what differs; `npm run generate -- --check` writes nothing and fails when something does. */
function main(args: readonly string[]): void {
  const root = process.cwd()
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  const files = generatedFiles(version)
  const stale = staleFiles(root, files)
  if (args.includes('--check')) {
    if (stale.length === 0) return say('The generated files are fresh')
    say(`Stale: ${stale.join(', ')}\nMend it with: npm run generate`)
    process.exitCode = 1
    return
  }
  for (const path of stale) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), files[path] ?? '')
  }
  say(stale.length === 0 ? 'The generated files were fresh' : `Wrote ${stale.join(', ')}`)
}

const say = (text: string): void => void process.stdout.write(`${text}\n`)

if (require.main === module) main(process.argv.slice(2))
