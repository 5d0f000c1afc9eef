import { describeError } from './error-description'

/** What stands in a log in place of a value that may tell about a person. */
export const REDACTED = '[redacted]'

/** Keys whose values never reach a log, at any depth, however they are spelled (`full_name`, `fullName`, `Full-Name`). */
const PERSONAL_KEYS: ReadonlySet<string> = new Set(
  [
    'name first_name last_name middle_name full_name display_name given_name family_name user_name nickname alias',
    'email email_address mail recipient phone phone_number mobile msisdn whatsapp contact contacts',
    'address street city village landmark place location lat lng lon latitude longitude coordinates geo position gps',
    'title description summary text body content contents html message messages subject note notes comment comments',
    'reason story details detail answers transcript transcription caption question answer value values data payload',
    'input args arguments params parameters bindings query where row rows record headers cookies',
    'national_id id_number passport dob birth_date birthday date_of_birth age gender language languages religion',
    'password passwords passphrase new_password old_password pin otp totp code_verifier hash password_hash',
    'token tokens access refresh access_token refresh_token id_token device_token fcm_token bearer jwt ticket',
    'authorization cookie set_cookie secret secrets client_secret api_key private_key key keys data_key key_ring',
    'credentials database_url connection_string smtp_url dsn ip ip_address remote_address user_agent',
  ]
    .join(' ')
    .split(' ')
    .map(plainKey),
)

// Deeper than any line the product writes; a line that goes on is cut, not followed.
const DEEPEST = 6
const MOST_ENTRIES = 50
const LONGEST_TEXT = 2_000

/** A copy of a value that is safe to log: personal keys redacted, errors described by code, texts freed of addresses. */
export function redact(value: unknown): unknown {
  return scrub(value, 0, [])
}

/** The text without what gives a person or a secret away by its form: e-mail addresses, phone numbers, URL passwords. */
export function redactText(text: string): string {
  const short = text.length > LONGEST_TEXT ? text.slice(0, LONGEST_TEXT) : text
  // Most texts are ids and codes; looking for two characters is cheaper than three expressions.
  if (!short.includes('@') && !short.includes('+')) return short
  return short
    .replace(/(\/\/[^/\s:@]*:)[^/\s@]+@/g, `$1${REDACTED}@`)
    .replace(/[^\s<>"'(),:;/\[\]]+@[^\s<>"'(),:;/]*[^\s<>"'(),:;/.]\.[^\s<>"'(),:;/]+/g, REDACTED)
    .replace(/\+\d[\d\s().-]{7,}\d/g, REDACTED)
}

function scrub(value: unknown, depth: number, above: readonly object[]): unknown {
  if (typeof value === 'string') return redactText(value)
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'function' || typeof value === 'symbol') return undefined
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (value instanceof Error) return describeError(value, redactText)
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return '[bytes]'
  if (depth >= DEEPEST || above.includes(value)) return '[cut]'
  return scrubEntries(value, depth, [...above, value])
}

function scrubEntries(value: object, depth: number, above: readonly object[]): unknown {
  if (Array.isArray(value)) return value.slice(0, MOST_ENTRIES).map(item => scrub(item, depth + 1, above))
  if (value instanceof Map || value instanceof Set) return `[${value.size} entries]`
  const safe: Record<string, unknown> = {}
  for (const [key, inner] of Object.entries(value).slice(0, MOST_ENTRIES)) {
    const hidden = inner !== undefined && inner !== null && isPersonal(key)
    safe[key] = hidden ? REDACTED : scrub(inner, depth + 1, above)
  }
  return safe
}

// Remembers the verdict on keys: a few hundred different ones are ever logged, and each line asks about ten.
const verdicts = new Map<string, boolean>()
const MOST_VERDICTS = 2_000

function isPersonal(key: string): boolean {
  const known = verdicts.get(key)
  if (known !== undefined) return known
  const verdict = PERSONAL_KEYS.has(plainKey(key))
  if (verdicts.size < MOST_VERDICTS) verdicts.set(key, verdict)
  return verdict
}

function plainKey(key: string): string {
  return key.replace(/[_-]/g, '').toLowerCase()
}
