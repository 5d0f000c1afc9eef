import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createChannels, type Channels } from '../../adapters/channels'
import { CHANNELS, type Channel } from '../../domain/policy'
import { ConfigError, describeConfig, loadConfig, type Config } from '../../platform/config'
import { createLogger } from '../../platform/logger'
import { generatedFiles, staleFiles } from '../generate'
import { failed, note, ok, reasonOf, type Finding } from './finding'

const ANSWERS_WITHIN_MS = 2_000

interface Package {
  readonly version: string
  readonly engines: { readonly node: string }
}

/** The project's package.json. */
export const packageOf = (root: string): Package =>
  JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Package

/** Is this Node as new as the packages need? */
export function examineNode(root: string, running: string = process.versions.node): Finding {
  const least = packageOf(root).engines.node.replace(/^>=/, '')
  const [wanted, is] = [least, running].map(version => version.split('.').map(Number))
  const order = (wanted ?? []).map((part, index) => (is?.[index] ?? 0) - part).find(difference => difference !== 0) ?? 0
  if (order >= 0) return ok('Node', `${running} (needs ${least} or newer)`)
  return failed('Node', `${running} is older than ${least}`, 'install Node 20 LTS or newer (nodejs.org)')
}

/** The configuration, or everything that is wrong with it, each with its own remedy. */
export function examineConfiguration(env: NodeJS.ProcessEnv): { config?: Config; findings: Finding[] } {
  try {
    const config = loadConfig(env)
    const settings = describeConfig()
    const given = settings.filter(({ key }) => env[key] || env[`${key}_FILE`]).length
    const says = `mode ${config.mode}; ${given} of ${settings.length} settings are given, the others have their defaults`
    return { config, findings: [ok('Configuration', says)] }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const findings = error.problems.map(({ key, problem, remedy }) =>
      failed('Configuration', `${key} ${problem}`, remedy),
    )
    // npm start makes these settings and the doctor takes them from the running product.
    const notRunning = env['DATABASE_URL']
      ? []
      : [note('Product', 'does not run from this folder; "npm start" runs it')]
    return { findings: [...notRunning, ...findings] }
  }
}

/** Does the API answer on its port, or does somebody else? */
export async function examinePort({ port }: Pick<Config, 'port'>): Promise<Finding> {
  try {
    const reply = await fetch(`http://127.0.0.1:${port}/health/live/`, {
      signal: AbortSignal.timeout(ANSWERS_WITHIN_MS),
      redirect: 'manual',
    })
    if (reply.ok && ((await reply.json()) as { status?: unknown }).status === 'ok')
      return ok('Port', `the API answers on ${port}`)
    return failed('Port', `something else than the API answers on ${port}`, 'end it, or set KESI_PORT to a free port')
  } catch (error) {
    const isRefused = (error as { cause?: { code?: unknown } }).cause?.code === 'ECONNREFUSED'
    if (isRefused) return failed('Port', `nothing answers on ${port}`, 'start the API: npm start')
    return failed('Port', `${port} is taken, but not by the API`, 'end what holds it, or set KESI_PORT to a free port')
  }
}

/** Are the files that are made from the sources fresh? An image without the sources has none. */
export function examineGenerated(root: string): Finding {
  if (!existsSync(join(root, 'api', 'routes.ts'))) return note('Generated files', 'no sources here, so none to compare')
  let files: Readonly<Record<string, string>>
  try {
    files = generatedFiles(packageOf(root).version)
  } catch (error) {
    return failed('Generated files', `cannot be made (${reasonOf(error)})`, 'npm run generate shows what is wrong')
  }
  const stale = staleFiles(root, files)
  if (stale.length === 0) return ok('Generated files', `all ${Object.keys(files).length} say what the sources say`)
  return failed('Generated files', `stale: ${stale.join(', ')}`, 'npm run generate')
}

/** Which ways out of the product have a vendor behind them, and what their receipts still lack. */
export async function examineChannels(config: Config): Promise<Finding> {
  const channels = createChannels(config, createLogger({ level: 'silent', name: 'doctor' }))
  const { configured, vendors } = channels
  await channels.close()
  const by = (channel: Channel): string =>
    configured.has(channel) ? `${channel} by ${vendors[channel].join(', ')}` : `${channel} not configured`
  const says = CHANNELS.map(by).join('; ')
  if (configured.size === 0) return note('Channels', `inbox alone; ${says} (docs/notices.md says how)`)
  const lacking = receiptsLacking(config, vendors)
  return lacking === undefined ? ok('Channels', `inbox always; ${says}`) : note('Channels', `${says}; ${lacking}`)
}

function receiptsLacking(config: Config, { sms }: Channels['vendors']): string | undefined {
  if (sms.includes('africas-talking') && config.africasTalkingReceiptSecret === undefined)
    return 'delivery reports of africas-talking are refused until KESI_AFRICAS_TALKING_RECEIPT_SECRET is set'
  if (sms.includes('twilio') && !config.publicUrl.startsWith('https:'))
    return 'twilio sends no delivery reports to a KESI_PUBLIC_URL that is not https'
  return undefined
}

/** Every setting with its sentence, its default, and whether it is given; never a value. */
export function settingsInWords(env: NodeJS.ProcessEnv): string[] {
  return describeConfig().map(({ key, sentence, default: fallback, required }) => {
    const given = env[key] ? 'given' : env[`${key}_FILE`] ? 'given by file' : undefined
    const otherwise = fallback === undefined ? 'no default' : `default ${fallback}`
    return `${key}: ${sentence} (${given ?? otherwise}${required === 'never' ? '' : `; required ${required}`})`
  })
}
