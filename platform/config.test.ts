import { createECDH, generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigError, describeConfig, loadConfig } from './config'

const secret = () => randomBytes(32).toString('base64')
const needed = () => ({
  DATABASE_URL: 'postgres://kesi:Zx81-quartz@db:5432/kesi',
  KESI_KEY_RING: `k2:${secret()},k1:${secret()}`,
  KESI_BLIND_INDEX_KEY: secret(),
  KESI_JWT_KEYS: `j1:${secret()}`,
})
const production = () => ({
  ...needed(),
  KESI_MODE: 'production',
  KESI_PUBLIC_URL: 'https://cases.example.org',
  KESI_CODEC_KEYS: `c1:${secret()}`,
})

function problemsOf(env: NodeJS.ProcessEnv): Record<string, string> {
  try {
    loadConfig(env)
    return {}
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return Object.fromEntries(error.problems.map(p => [p.key, `${p.problem}. ${p.remedy}`]))
  }
}

describe('defaults', () => {
  const config = loadConfig({ ...needed(), PATH: '/bin', KESI_SMTP_URL: ' ' })

  test('stand for what is not said', () => {
    expect(config).toMatchObject({
      mode: 'development',
      port: 8000,
      publicUrl: 'http://localhost:8000',
      bind: '127.0.0.1',
      databasePool: 10,
      temporalAddress: '127.0.0.1:7233',
      temporalNamespace: 'kesi',
      accessTokenSeconds: 900,
      refreshTokenDays: 30,
      mailFrom: 'Notices <notices@localhost>',
      logLevel: 'info',
      dataDir: '.kesi',
      logDir: join('.kesi', 'logs'),
      filesDir: join('.kesi', 'files'),
      cachedWorkflows: 2000,
      trustedProxies: [],
      corsOrigins: [],
      limits: 'on',
      limitAnonymous: 100,
      limitUser: 1_000,
      limitStaff: 10_000,
      limitUploads: 20,
      limitMessages: 60,
      limitMessageBurst: 30,
      timeTravel: false,
      expoPush: 'off',
      expoUrl: 'https://exp.host',
      africasTalkingUrl: 'https://api.africastalking.com',
      twilioUrl: 'https://api.twilio.com',
      privateAddresses: 'refused',
    })
    expect(config.smsVendors).toBeUndefined()
    expect(config.keyRing.newest.id).toBe('k2')
    expect(config.codecKeys).toBeUndefined()
    expect(config.smtpUrl).toBeUndefined()
  })

  test('follow what is said', () => {
    const other = loadConfig({
      ...needed(),
      KESI_PORT: '8123',
      KESI_DATA_DIR: 'data',
      KESI_TRUSTED_PROXIES: 'loopback, 10.0.0.0/8',
    })
    expect(other.publicUrl).toBe('http://localhost:8123')
    expect(other.logDir).toBe(join('data', 'logs'))
    expect(other.trustedProxies).toEqual(['loopback', '10.0.0.0/8'])
  })

  test('cannot be changed afterwards', () => {
    expect(() => Object.assign(config, { mode: 'production' })).toThrow(TypeError)
  })
})

test('every problem is listed at once, each with its remedy', () => {
  const problems = problemsOf({ KESI_PROT: '1', KESI_PORT: '70000', KESI_MODE: 'prod', KESI_COFFEE: 'yes' })
  expect(problems).toEqual({
    KESI_PROT: 'is no setting. Did you mean KESI_PORT?',
    KESI_COFFEE: 'is no setting. Remove it.',
    KESI_MODE:
      'is none of demo, development, test, production. Set KESI_MODE to demo, development, test or production.',
    KESI_PORT: 'is not a whole number from 1 to 65535. Set KESI_PORT to a port such as 8000.',
    DATABASE_URL: expect.stringMatching(/^is missing\. Set DATABASE_URL to /),
    KESI_KEY_RING: expect.stringMatching(/^is missing\..*randomBytes\(32\)/),
    KESI_BLIND_INDEX_KEY: expect.stringMatching(/^is missing\./),
    KESI_JWT_KEYS: expect.stringMatching(/^is missing\./),
  })
})

test.each([
  ['KESI_PORT', '0'],
  ['KESI_PORT', '80a'],
  ['KESI_DATABASE_POOL', '1'],
  ['KESI_PUBLIC_URL', 'cases.example.org'],
  ['KESI_PUBLIC_URL', 'javascript:alert(1)'],
  ['TEMPORAL_ADDRESS', 'http://temporal:7233'],
  ['TEMPORAL_ADDRESS', 'temporal:99999'],
  ['TEMPORAL_ADDRESS', 'temporal'],
  ['KESI_TEMPORAL_NAMESPACE', 'two words'],
  ['KESI_SMTP_URL', 'https://mail.example.org'],
  ['KESI_MAIL_FROM', 'Notices'],
  ['KESI_MAIL_FROM', 'Notices <a@b>, Other <c@d>'],
  ['KESI_LOG_LEVEL', 'verbose'],
  ['KESI_CORS_ORIGINS', 'https://app.example.org/'],
  ['KESI_CORS_ORIGINS', '*'],
  ['KESI_LIMIT_USER', '0'],
  ['KESI_TRUSTED_PROXIES', '10.0.0.0/33'],
  ['KESI_TRUSTED_PROXIES', '10.0.0.0/8,everyone'],
  ['KESI_TIME_TRAVEL', 'yes'],
  ['KESI_ACCESS_TOKEN_SECONDS', '-1'],
  ['KESI_CODEC_KEYS', 'c1:short'],
  ['KESI_FCM_CREDENTIALS', '/etc/kesi/firebase.json'],
  ['KESI_FCM_CREDENTIALS', '{"project_id":"kesi"}'],
  ['KESI_FCM_CREDENTIALS', '{"project_id":"kesi","client_email":"a@b","private_key":"none"}'],
  ['KESI_EXPO_PUSH', 'true'],
  ['KESI_EXPO_ACCESS_TOKEN', 'two words, quite long'],
  ['KESI_EXPO_URL', 'exp.host'],
  ['KESI_SMS_VENDORS', 'twilio,vonage'],
  ['KESI_SMS_VENDORS', 'twilio'],
  ['KESI_AFRICAS_TALKING_RECEIPT_SECRET', 'with/a/slash/and/long/enough'],
  ['KESI_AFRICAS_TALKING_RECEIPT_SECRET', 'short'],
  ['KESI_PRIVATE_ADDRESSES', 'yes'],
])('%s=%s is refused', (key, value) => {
  expect(Object.keys(problemsOf({ ...needed(), [key]: value }))).toEqual([key])
})

test('an error never repeats a secret, nor the value it was given', () => {
  const env = {
    ...needed(),
    DATABASE_URL: 'mysql://kesi:hunter2hunter2@db/kesi',
    KESI_KEY_RING: 'k1:aHVudGVyMg==',
    KESI_SMTP_URL: 'hunter2',
    KESI_PORT: 'hunter2',
    KESI_HUNTER: 'hunter2',
  }
  const shown = JSON.stringify(problemsOf(env))
  expect(shown).not.toMatch(/hunter2|aHVudGVyMg/)
})

describe('vendors', () => {
  const keys = createECDH('prime256v1')
  const vapid = {
    KESI_VAPID_PUBLIC_KEY: keys.generateKeys('base64url'),
    KESI_VAPID_PRIVATE_KEY: keys.getPrivateKey('base64url'),
    KESI_VAPID_SUBJECT: 'mailto:ops@example.org',
  }
  const twilio = {
    KESI_TWILIO_ACCOUNT_SID: 'AC1',
    KESI_TWILIO_AUTH_TOKEN: 'token-of-the-account',
    KESI_TWILIO_FROM: '+15005550006',
  }

  test('whole ones are taken', () => {
    const private_key = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey.export({
      type: 'pkcs8',
      format: 'pem',
    })
    const config = loadConfig({
      ...needed(),
      ...vapid,
      ...twilio,
      KESI_SMS_VENDORS: 'twilio, africas-talking',
      KESI_AFRICAS_TALKING_USERNAME: 'kesi',
      KESI_AFRICAS_TALKING_API_KEY: 'key-of-the-application',
      KESI_FCM_CREDENTIALS: JSON.stringify({ project_id: 'kesi', client_email: 'push@example.org', private_key }),
    })
    expect(config.smsVendors).toEqual(['twilio', 'africas-talking'])
    expect(config.fcmCredentials).toEqual({
      projectId: 'kesi',
      clientEmail: 'push@example.org',
      privateKey: private_key,
    })
  })

  test.each([...Object.keys(vapid), ...Object.keys(twilio)])('one of which only %s is missing is refused', key => {
    expect(Object.keys(problemsOf({ ...needed(), ...vapid, ...twilio, [key]: '' }))).toEqual([key])
  })

  test('a pair of keys that is none is refused, and so is one that is named twice', () => {
    const other = createECDH('prime256v1').generateKeys('base64url')
    expect(problemsOf({ ...needed(), ...vapid, KESI_VAPID_PUBLIC_KEY: other })).toEqual({
      KESI_VAPID_PUBLIC_KEY: expect.stringMatching(/^does not belong to KESI_VAPID_PRIVATE_KEY\./),
    })
    expect(Object.keys(problemsOf({ ...needed(), ...twilio, KESI_SMS_VENDORS: 'twilio,twilio' }))).toEqual([
      'KESI_SMS_VENDORS',
    ])
  })
})

describe('production', () => {
  test('starts with secrets of its own', () => {
    expect(problemsOf(production())).toEqual({})
  })

  test('needs a public address and a codec', () => {
    expect(Object.keys(problemsOf({ ...needed(), KESI_MODE: 'production' }))).toEqual([
      'KESI_PUBLIC_URL',
      'KESI_CODEC_KEYS',
    ])
  })

  test.each([
    ['KESI_KEY_RING', `k1:${secret()},demo-1:${secret()}`],
    ['KESI_CODEC_KEYS', `demo-1:${secret()}`],
    ['KESI_JWT_KEYS', `demo-1:${secret()}`],
    ['KESI_BLIND_INDEX_KEY', `demo-1:${secret()}`],
    ['KESI_JWT_KEYS', `j1:${Buffer.alloc(32, 'secret').toString('base64')}`],
    ['DATABASE_URL', 'postgres://postgres:postgres@db/kesi'],
    ['DATABASE_URL', 'postgres://kesi@db/kesi'],
    ['KESI_DEMO_PASSWORD', 'lantern ribbon'],
  ])('refuses %s=%s', (key, value) => {
    expect(Object.keys(problemsOf({ ...production(), [key]: value }))).toEqual([key])
  })

  test('a demo is free to use demo keys', () => {
    expect(
      problemsOf({ ...needed(), KESI_MODE: 'demo', KESI_KEY_RING: `demo-1:${secret()}`, KESI_DEMO_PASSWORD: 'x' }),
    ).toEqual({})
  })
})

test.each(['demo', 'development', undefined])('time travel is refused in mode %p', mode => {
  const env = { ...needed(), KESI_TIME_TRAVEL: 'true', ...(mode && { KESI_MODE: mode }) }
  expect(Object.keys(problemsOf(env))).toEqual(['KESI_TIME_TRAVEL'])
  expect(loadConfig({ ...needed(), KESI_TIME_TRAVEL: 'true', KESI_MODE: 'test' }).timeTravel).toBe(true)
})

describe('a secret from a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'config-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  test('is read when the key itself is not set', () => {
    const file = join(folder, 'jwt')
    writeFileSync(file, `from-file:${secret()}\n`)
    const { KESI_JWT_KEYS: inline, ...rest } = needed()
    expect(loadConfig({ ...rest, KESI_JWT_KEYS_FILE: file }).jwtKeys.newest.id).toBe('from-file')
    expect(loadConfig({ ...rest, KESI_JWT_KEYS: inline, KESI_JWT_KEYS_FILE: file }).jwtKeys.newest.id).toBe('j1')
  })

  test('that cannot be read is a problem', () => {
    const rest = { ...needed(), KESI_JWT_KEYS: '' }
    expect(problemsOf({ ...rest, KESI_JWT_KEYS_FILE: join(folder, 'none') })).toEqual({
      KESI_JWT_KEYS: expect.stringMatching(/^is not usable: the file that KESI_JWT_KEYS_FILE names cannot be read\./),
    })
  })
})

test('the description names every key once, and no secret has a default', () => {
  const described = describeConfig()
  const keys = described.map(({ key }) => key)
  expect(new Set(keys).size).toBe(keys.length)
  expect(described.filter(({ secret, default: value }) => secret && value !== undefined)).toEqual([])
  expect(described.every(({ sentence }) => /^[A-Z].*\.$/.test(sentence))).toBe(true)
  expect(described.find(({ key }) => key === 'KESI_CODEC_KEYS')?.required).toBe('production')
})
