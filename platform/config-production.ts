import { MAKE_KEY, type ConfigProblem } from './config-settings'
import { DEMO_KEY_PREFIX, type KeyRing, type NamedKey } from './keyring'

/** The settings that production looks at twice. */
interface Guarded {
  readonly databaseUrl: string
  readonly keyRing: KeyRing
  readonly codecKeys: KeyRing | undefined
  readonly jwtKeys: KeyRing
  readonly blindIndexKey: NamedKey
  readonly demoPassword: string | undefined
}

// Fewer different bytes than this among 32 random ones happens less than once in 10^11 keys.
const LEAST_DIFFERENT_BYTES = 16

const DEFAULT_PASSWORDS = new Set(['', 'admin', 'changeme', 'demo', 'kesi', 'password', 'postgres', 'secret', 'test'])

/** What production refuses although each value is well formed: demo keys, keys nobody drew, default passwords. */
export function productionProblems(config: Guarded): ConfigProblem[] {
  return [...keyProblems(config), ...passwordProblems(config)]
}

function keyProblems(config: Guarded): ConfigProblem[] {
  const secrets: [string, readonly NamedKey[]][] = [
    ['KESI_KEY_RING', config.keyRing.all()],
    ['KESI_CODEC_KEYS', config.codecKeys?.all() ?? []],
    ['KESI_JWT_KEYS', config.jwtKeys.all()],
    ['KESI_BLIND_INDEX_KEY', [config.blindIndexKey]],
  ]
  const remedy = `Replace it with a key ${MAKE_KEY}.`
  return secrets.flatMap(([key, keys]) => [
    ...keys.filter(isDemo).map(({ id }) => ({ key, problem: `holds the demo key ${id}`, remedy })),
    ...keys.filter(isWeak).map(({ id }) => ({ key, problem: `holds the key ${id}, which is not random`, remedy })),
  ])
}

function passwordProblems({ databaseUrl, demoPassword }: Guarded): ConfigProblem[] {
  const problems: ConfigProblem[] = []
  const { username, password } = new URL(databaseUrl)
  if (username !== '' && DEFAULT_PASSWORDS.has(password.toLowerCase())) {
    const remedy = 'Give the database user a password of its own.'
    problems.push({ key: 'DATABASE_URL', problem: 'has no password or a default one', remedy })
  }
  if (demoPassword !== undefined) {
    problems.push({ key: 'KESI_DEMO_PASSWORD', problem: 'is set in production', remedy: 'Remove KESI_DEMO_PASSWORD.' })
  }
  return problems
}

function isDemo({ id }: NamedKey): boolean {
  return id.startsWith(DEMO_KEY_PREFIX)
}

function isWeak({ secret }: NamedKey): boolean {
  return new Set(secret.export()).size < LEAST_DIFFERENT_BYTES
}
