import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Logins } from './seed'

/** Where the collection is played, and who signs in. */
export interface PostmanRun {
  readonly url: string
  readonly logins: Pick<Logins, 'admin' | 'dispatcher' | 'providers'>
  /** The folder that holds `docs/postman`. */
  readonly root: string
}

/** Plays the Postman collection against a running product; answers newman's exit code, 0 when every test of it held. */
export async function playCollection(
  { url, logins, root }: PostmanRun,
  report: 'cli' | 'silent' = 'cli',
): Promise<number> {
  const file = (name: string): string => join(root, 'docs', 'postman', name)
  const provider = logins.providers.find(each => each.provider_type === 'gbv_rescue')
  const variables = {
    base_url: url,
    ...loginOf('admin', logins.admin),
    ...loginOf('dispatcher', logins.dispatcher),
    ...(provider && loginOf('provider', provider)),
  }
  const newman = join(dirname(require.resolve('newman/package.json')), 'bin', 'newman.js')
  const set = Object.entries(variables).flatMap(([name, value]) => ['--env-var', `${name}=${value}`])
  const args = [
    newman,
    'run',
    file('kesi.postman_collection.json'),
    '-e',
    file('kesi.postman_environment.json'),
    ...set,
  ]
  const child = spawn(
    process.execPath,
    [...args, ...(report === 'silent' ? ['--silent'] : ['--reporter-cli-no-banner'])],
    {
      stdio: 'inherit',
    },
  )
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', code => resolve(code ?? 1))
  })
}

const loginOf = (role: string, { email, password }: { readonly email: string; readonly password: string }) => ({
  [`${role}_email`]: email,
  [`${role}_password`]: password,
})

/** `npm run postman`: against the product that `npm start` runs, as its demo people. */
async function main(): Promise<void> {
  const dataDir = process.env['KESI_DATA_DIR']
  const run =
    dataDir && (JSON.parse(readFileSync(join(dataDir, 'run.json'), 'utf8')) as { url: string; logins: Logins | null })
  if (!run || !run.logins) {
    console.error(
      'Kesi is not running here with demo log-ins.\nTo mend it: npm start, wait until it is ready, then run this again',
    )
    process.exitCode = 1
    return
  }
  process.exitCode = await playCollection({ url: run.url, logins: run.logins, root: process.cwd() })
}

if (require.main === module) void main()
