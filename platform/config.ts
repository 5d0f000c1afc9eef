import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { nearestKey } from './config-nearest'
import { productionProblems } from './config-production'
import { vendorProblems } from './config-vendors'
import { SETTINGS, type ConfigProblem, type Setting } from './config-settings'

export type { ConfigProblem }

type Settings = typeof SETTINGS
type Name = keyof Settings
type ValueOf<S extends Setting> = S extends { fallback: string } | { required: 'always' }
  ? ReturnType<S['parse']>
  : ReturnType<S['parse']> | undefined

/** What the settings say, read once at start; a setting that may be left out and has no default is undefined. */
export type Config = Readonly<
  {
    [N in Exclude<Name, 'publicUrl' | 'logDir' | 'filesDir' | 'trustedProxies' | 'corsOrigins'>]: ValueOf<Settings[N]>
  } & {
    publicUrl: string
    logDir: string
    filesDir: string
    trustedProxies: readonly string[]
    corsOrigins: readonly string[]
  }
>

/** Thrown by loadConfig with everything that is wrong at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly code = 'CONFIG_INVALID'

  constructor(readonly problems: readonly ConfigProblem[]) {
    super(['The configuration is not usable:', ...problems.map(p => `- ${p.key} ${p.problem}. ${p.remedy}`)].join('\n'))
  }
}

/** What the doctor and the documentation say about one setting. */
export interface SettingDescription {
  readonly key: string
  readonly sentence: string
  readonly form: string
  readonly default: string | undefined
  readonly secret: boolean
  readonly required: 'always' | 'production' | 'never'
}

/** Reads the environment by the table of settings; throws one ConfigError that lists every problem. */
export function loadConfig(env: NodeJS.ProcessEnv): Config {
  const problems: ConfigProblem[] = unknownKeys(env)
  const values: Partial<Record<Name, unknown>> = {}
  for (const [name, setting] of entries()) {
    const read = readSetting(setting, env)
    if ('problem' in read) problems.push(read.problem)
    else values[name] = read.value
  }
  problems.push(...modeProblems(env))
  if (problems.length > 0) throw new ConfigError(problems)

  const config = complete(values as Partial<Config>)
  const refused = [...vendorProblems(config), ...(config.mode === 'production' ? productionProblems(config) : [])]
  if (refused.length > 0) throw new ConfigError(refused)
  return config
}

/** The table of settings in words, in the order in which it is written. */
export function describeConfig(): readonly SettingDescription[] {
  return entries().map(([, { key, sentence, form, fallback, derived, secret, required }]) => ({
    key,
    sentence,
    form,
    default: fallback ?? derived,
    secret: secret === true,
    required: required ?? 'never',
  }))
}

function entries(): [Name, Setting][] {
  return Object.entries(SETTINGS) as [Name, Setting][]
}

function complete(values: Partial<Config>): Config {
  const known = values as Config
  return Object.freeze({
    ...known,
    publicUrl: known.publicUrl ?? `http://localhost:${known.port}`,
    logDir: known.logDir ?? join(known.dataDir, 'logs'),
    filesDir: known.filesDir ?? join(known.dataDir, 'files'),
    trustedProxies: known.trustedProxies ?? [],
    corsOrigins: known.corsOrigins ?? [],
  })
}

function readSetting(setting: Setting, env: NodeJS.ProcessEnv): { value: unknown } | { problem: ConfigProblem } {
  const { key, form } = setting
  const remedy = `Set ${key} to ${form}.`
  try {
    const text = givenText(setting, env) ?? setting.fallback
    if (text !== undefined) return { value: setting.parse(text) }
  } catch (error) {
    const problem = error instanceof Error ? error.message : 'is not readable'
    return { problem: { key, problem: setting.secret ? `is not usable: ${problem}` : problem, remedy } }
  }
  const missing = setting.required === 'always' || (setting.required === 'production' && env.KESI_MODE === 'production')
  return missing ? { problem: { key, problem: 'is missing', remedy } } : { value: undefined }
}

/** An empty value counts as none: compose files pass empty ones on. */
function givenText({ key, secret }: Setting, env: NodeJS.ProcessEnv): string | undefined {
  const text = env[key]?.trim()
  if (text) return text
  const file = secret ? env[`${key}_FILE`]?.trim() : undefined
  if (!file) return undefined
  try {
    return readFileSync(file, 'utf8').trim() || undefined
  } catch {
    throw new Error(`the file that ${key}_FILE names cannot be read`)
  }
}

function unknownKeys(env: NodeJS.ProcessEnv): ConfigProblem[] {
  const known = new Set(entries().flatMap(([, { key, secret }]) => (secret ? [key, `${key}_FILE`] : [key])))
  return Object.keys(env)
    .filter(key => key.startsWith('KESI_') && !known.has(key))
    .map(key => {
      const near = nearestKey(key, known)
      return { key, problem: 'is no setting', remedy: near ? `Did you mean ${near}?` : 'Remove it.' }
    })
}

function modeProblems(env: NodeJS.ProcessEnv): ConfigProblem[] {
  if (env.KESI_TIME_TRAVEL !== 'true' || env.KESI_MODE === 'test') return []
  return [{ key: 'KESI_TIME_TRAVEL', problem: 'is true outside KESI_MODE=test', remedy: 'Remove KESI_TIME_TRAVEL.' }]
}
