import {
  hostAndPort,
  hostName,
  mailbox,
  networks,
  oneLine,
  oneOf,
  origins,
  plainName,
  port,
  url,
  wholeNumber,
  yesOrNo,
} from './config-values'
import type { Parse } from './config-values'
import { VENDOR_SETTINGS } from './config-vendor-settings'
import { parseKeyRing, parseNamedKey, parseSecret, type NamedKey } from './keyring'

/** One line of the configuration: everything that the loader, the doctor and the documentation need to know. */
export interface Setting {
  readonly key: string
  readonly sentence: string
  /** What a good value looks like; ends the remedy of every problem with it. */
  readonly form: string
  readonly parse: Parse<unknown>
  /** The value used when the environment gives none. */
  readonly fallback?: string
  /** How the default comes about, when it depends on other settings. */
  readonly derived?: string
  /** Never shown, and read from the file that `<KEY>_FILE` names when the key itself is not set. */
  readonly secret?: true
  readonly required?: 'always' | 'production'
}

/** How a key is drawn; stands in the remedies. */
export const MAKE_KEY = `made with: node -p "'k1:' + require('crypto').randomBytes(32).toString('base64')"`
const RING_FORM = `id:base64 keys of 32 bytes, comma separated, newest first; one is ${MAKE_KEY}`

/** One thing wrong with the environment, and what mends it; never repeats a secret. */
export interface ConfigProblem {
  readonly key: string
  readonly problem: string
  readonly remedy: string
}

/** The bare base64 form is accepted too: this one key is never rotated in place, so it needs no id. */
function parseIndexKey(text: string): NamedKey {
  return text.includes(':') ? parseNamedKey(text) : { id: 'index', secret: parseSecret(text) }
}

/** Every setting of the product, by the name it has in `Config`. */
export const SETTINGS = {
  mode: {
    key: 'KESI_MODE',
    sentence: 'What this installation is for; production refuses demo and default secrets.',
    form: 'demo, development, test or production',
    parse: oneOf('demo', 'development', 'test', 'production'),
    fallback: 'development',
  },
  port: {
    key: 'KESI_PORT',
    sentence: 'The port the API and the console listen on.',
    form: 'a port such as 8000',
    parse: port,
    fallback: '8000',
  },
  bind: {
    key: 'KESI_BIND',
    sentence: 'The address the API listens on; 0.0.0.0 opens it to other machines.',
    form: 'an address such as 127.0.0.1',
    parse: oneLine,
    fallback: '127.0.0.1',
  },
  publicUrl: {
    key: 'KESI_PUBLIC_URL',
    sentence: 'The address by which people reach the product; links in notices begin with it.',
    form: 'a URL such as https://cases.example.org',
    parse: url('http', 'https'),
    derived: 'http://localhost:<KESI_PORT>',
    required: 'production',
  },
  trustedProxies: {
    key: 'KESI_TRUSTED_PROXIES',
    sentence: 'The proxies whose X-Forwarded-For header is believed; none by default.',
    form: 'addresses or networks, such as 10.0.0.0/8,loopback',
    parse: networks,
  },
  corsOrigins: {
    key: 'KESI_CORS_ORIGINS',
    sentence: 'The web pages of other origins whose scripts may call the API; none by default.',
    form: 'origins such as https://app.example.org,http://localhost:8081',
    parse: origins,
  },
  dialectKintaraa: {
    key: 'KESI_DIALECT_KINTARAA',
    sentence:
      'Whether the shipped Kintaraa app is served, below /clients/kintaraa/, in the form that it was written for.',
    form: 'on or off',
    parse: oneOf('on', 'off'),
    derived: 'on where KESI_DIALECT_KINTARAA_HOST is set, else off',
  },
  dialectKintaraaHost: {
    key: 'KESI_DIALECT_KINTARAA_HOST',
    sentence: 'The host at whose root the Kintaraa app is served too, for builds whose paths cannot be changed.',
    form: 'a host name such as app-api.example.org, without a port',
    parse: hostName,
  },
  dialectKintaraaSocketTokens: {
    key: 'KESI_DIALECT_KINTARAA_SOCKET_TOKENS',
    sentence:
      'Whether the sockets of the Kintaraa app may carry its access token in their address, for it knows no other way; off, it asks every minute instead.',
    form: 'on or off',
    parse: oneOf('on', 'off'),
    fallback: 'on',
  },
  limits: {
    key: 'KESI_LIMITS',
    sentence: 'Whether requests are counted against the limits below; benches switch it off.',
    form: 'on or off',
    parse: oneOf('on', 'off'),
    fallback: 'on',
  },
  limitAnonymous: {
    key: 'KESI_LIMIT_ANONYMOUS',
    sentence: 'How many requests without a valid token one address may send in an hour.',
    form: 'a number from 1 to 1000000',
    parse: wholeNumber(1, 1_000_000),
    fallback: '100',
  },
  limitUser: {
    key: 'KESI_LIMIT_USER',
    sentence: 'How many requests a survivor or provider may send in an hour.',
    form: 'a number from 1 to 1000000',
    parse: wholeNumber(1, 1_000_000),
    fallback: '1000',
  },
  limitStaff: {
    key: 'KESI_LIMIT_STAFF',
    sentence: 'How many requests a dispatcher or administrator may send in an hour.',
    form: 'a number from 1 to 1000000',
    parse: wholeNumber(1, 1_000_000),
    fallback: '10000',
  },
  limitUploads: {
    key: 'KESI_LIMIT_UPLOADS',
    sentence: 'How many files somebody may upload in an hour.',
    form: 'a number from 1 to 1000000',
    parse: wholeNumber(1, 1_000_000),
    fallback: '20',
  },
  limitMessages: {
    key: 'KESI_LIMIT_MESSAGES',
    sentence: 'How many messages somebody may send in a minute, over time.',
    form: 'a number from 1 to 1000000',
    parse: wholeNumber(1, 1_000_000),
    fallback: '60',
  },
  limitMessageBurst: {
    key: 'KESI_LIMIT_MESSAGE_BURST',
    sentence: 'How many of those messages may come at once.',
    form: 'a number from 1 to 1000000',
    parse: wholeNumber(1, 1_000_000),
    fallback: '30',
  },
  databaseUrl: {
    key: 'DATABASE_URL',
    sentence: 'The PostgreSQL database (15 or newer) that holds the record.',
    form: 'a URL such as postgres://kesi:<password>@localhost:5432/kesi',
    parse: url('postgres', 'postgresql'),
    secret: true,
    required: 'always',
  },
  databasePool: {
    key: 'KESI_DATABASE_POOL',
    sentence: 'The most database connections one process holds.',
    form: 'a number from 2 to 200',
    parse: wholeNumber(2, 200),
    fallback: '10',
  },
  temporalAddress: {
    key: 'TEMPORAL_ADDRESS',
    sentence: 'The Temporal server that keeps the promises.',
    form: 'host:port, such as 127.0.0.1:7233',
    parse: hostAndPort,
    fallback: '127.0.0.1:7233',
  },
  temporalNamespace: {
    key: 'KESI_TEMPORAL_NAMESPACE',
    sentence: 'The Temporal namespace that the workflows live in.',
    form: 'a name such as kesi',
    parse: plainName,
    fallback: 'kesi',
  },
  temporalUiUrl: {
    key: 'KESI_TEMPORAL_UI_URL',
    sentence: 'The Temporal UI, for links to a workflow; without it there are none.',
    form: 'a URL such as http://localhost:8233',
    parse: url('http', 'https'),
  },
  taskQueuePrefix: {
    key: 'KESI_TASK_QUEUE_PREFIX',
    sentence: 'Put before the name of every task queue, so that two installations share one namespace.',
    form: 'a name such as blue',
    parse: plainName,
  },
  cachedWorkflows: {
    key: 'KESI_CACHED_WORKFLOWS',
    sentence: 'How many workflows one worker keeps in memory between their steps.',
    form: 'a number from 10 to 100000',
    parse: wholeNumber(10, 100_000),
    fallback: '2000',
  },
  keyRing: {
    key: 'KESI_KEY_RING',
    sentence: 'The keys that wrap the data key of each incident and each account; losing them loses the data.',
    form: RING_FORM,
    parse: parseKeyRing,
    secret: true,
    required: 'always',
  },
  codecKeys: {
    key: 'KESI_CODEC_KEYS',
    sentence: 'The keys that encrypt what Temporal stores; without them payloads are stored in clear.',
    form: RING_FORM,
    parse: parseKeyRing,
    secret: true,
    required: 'production',
  },
  blindIndexKey: {
    key: 'KESI_BLIND_INDEX_KEY',
    sentence: 'The key of the digests by which an account is found from its e-mail address or phone number.',
    form: `the base64 of 32 bytes, with or without an id before it; one is ${MAKE_KEY}`,
    parse: parseIndexKey,
    secret: true,
    required: 'always',
  },
  jwtKeys: {
    key: 'KESI_JWT_KEYS',
    sentence: 'The keys of the access tokens; the newest signs, all of them verify.',
    form: RING_FORM,
    parse: parseKeyRing,
    secret: true,
    required: 'always',
  },
  accessTokenSeconds: {
    key: 'KESI_ACCESS_TOKEN_SECONDS',
    sentence: 'How long an access token lives, in seconds.',
    form: 'a number from 10 to 3600',
    parse: wholeNumber(10, 3600),
    fallback: '900',
  },
  refreshTokenDays: {
    key: 'KESI_REFRESH_TOKEN_DAYS',
    sentence: 'How long a session lives without being used, in days.',
    form: 'a number from 1 to 365',
    parse: wholeNumber(1, 365),
    fallback: '30',
  },
  staffIdleMinutes: {
    key: 'KESI_STAFF_IDLE_MINUTES',
    sentence: 'After how many minutes without an act a session of a dispatcher or an administrator ends.',
    form: 'a number from 1 to 60',
    parse: wholeNumber(1, 60),
    fallback: '60',
  },
  ...VENDOR_SETTINGS,
  mailFrom: {
    key: 'KESI_MAIL_FROM',
    sentence: 'The sender of every e-mail; keep it neutral, the wrong person may read it.',
    form: 'Name <address>, such as Notices <notices@example.org>',
    parse: mailbox,
    fallback: 'Notices <notices@localhost>',
  },
  logLevel: {
    key: 'KESI_LOG_LEVEL',
    sentence: 'The least important log lines that are written.',
    form: 'trace, debug, info, warn, error or silent',
    parse: oneOf('trace', 'debug', 'info', 'warn', 'error', 'silent'),
    fallback: 'info',
  },
  demoPassword: {
    key: 'KESI_DEMO_PASSWORD',
    sentence: 'One password for all demo accounts, in place of a random one for each; production refuses it.',
    form: 'a password of at least ten characters',
    parse: oneLine,
    secret: true,
  },
  dataDir: {
    key: 'KESI_DATA_DIR',
    sentence: 'Where npm start keeps the embedded servers, their data and what it knows about its run.',
    form: 'a folder such as .kesi',
    parse: oneLine,
    fallback: '.kesi',
  },
  filesDir: {
    key: 'KESI_FILES_DIR',
    sentence: 'Where uploaded files are kept, sealed; every replica of the API must reach the same ones.',
    form: 'a folder such as .kesi/files',
    parse: oneLine,
    derived: '<KESI_DATA_DIR>/files',
  },
  logDir: {
    key: 'KESI_LOG_DIR',
    sentence: 'Where npm start keeps the logs of what it started.',
    form: 'a folder such as .kesi/logs',
    parse: oneLine,
    derived: '<KESI_DATA_DIR>/logs',
  },
  databasePort: {
    key: 'KESI_DATABASE_PORT',
    sentence: 'The port of the embedded PostgreSQL that npm start runs.',
    form: 'a port such as 5432',
    parse: port,
    derived: 'a free one',
  },
  temporalPort: {
    key: 'KESI_TEMPORAL_PORT',
    sentence: 'The port of the Temporal server that npm start runs.',
    form: 'a port such as 7233',
    parse: port,
    derived: '7233, or the next free one',
  },
  temporalUiPort: {
    key: 'KESI_TEMPORAL_UI_PORT',
    sentence: 'The port of the Temporal UI that npm start runs.',
    form: 'a port such as 8233',
    parse: port,
    derived: '8233, or the next free one',
  },
  url: {
    key: 'KESI_URL',
    sentence: 'The running product that the demo and the benches talk to.',
    form: 'a URL such as http://localhost:8000',
    parse: url('http', 'https'),
    derived: 'what npm start wrote about its run',
  },
  timeTravel: {
    key: 'KESI_TIME_TRAVEL',
    sentence: 'Lets tests move the clock of a workflow; refused in every mode but test.',
    form: 'true or false',
    parse: yesOrNo,
    fallback: 'false',
  },
} as const satisfies Record<string, Setting>
