import { createPrivateKey } from 'node:crypto'
import { isIP } from 'node:net'

/** Reads one text from the environment; throws an Error whose message says what the text is not, never the text. */
export type Parse<T> = (text: string) => T

/** One of the given words. */
export function oneOf<const Word extends string>(...words: readonly Word[]): Parse<Word> {
  return text => {
    const word = words.find(candidate => candidate === text)
    if (word === undefined) throw new Error(`is none of ${words.join(', ')}`)
    return word
  }
}

/** A whole number between two bounds, both included. */
export function wholeNumber(min: number, max: number): Parse<number> {
  return text => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN
    if (!(value >= min && value <= max)) throw new Error(`is not a whole number from ${min} to ${max}`)
    return value
  }
}

/** A TCP port. */
export const port: Parse<number> = wholeNumber(1, 65_535)

/** `true` or `false`. */
export const yesOrNo: Parse<boolean> = text => oneOf('true', 'false')(text) === 'true'

/** An absolute URL of one of the given schemes; answers the text without a trailing slash. */
export function url(...schemes: readonly string[]): Parse<string> {
  return text => {
    const scheme = URL.canParse(text) ? new URL(text).protocol.slice(0, -1) : ''
    if (!schemes.includes(scheme)) throw new Error(`is not a URL that begins with ${schemes.join(':// or ')}://`)
    return text.replace(/\/+$/, '')
  }
}

/** A comma-separated list of web origins: scheme, host and port, and nothing behind them. */
export const origins: Parse<readonly string[]> = text => {
  const entries = text.split(',').map(entry => entry.trim())
  const isOrigin = (entry: string): boolean => URL.canParse(entry) && new URL(entry).origin === entry
  if (!entries.every(isOrigin)) throw new Error('is not a list of origins such as https://app.example.org')
  return entries
}

/** `host:port`. */
export const hostAndPort: Parse<string> = text => {
  const [, host, number] = /^(\[[0-9a-fA-F:]+\]|[^\s:/@]+):(\d{1,5})$/.exec(text) ?? []
  if (host === undefined || number === undefined) throw new Error('is not of the form host:port')
  port(number)
  return text
}

/** The name or IPv4 address of a host, in lower case. */
export const hostName: Parse<string> = text => {
  if (!/^[a-zA-Z0-9]([a-zA-Z0-9.-]{0,251}[a-zA-Z0-9])?$/.test(text)) throw new Error('is not the name of a host')
  return text.toLowerCase()
}

/** Any text that is not blank, on one line. */
export const oneLine: Parse<string> = text => {
  if (/[\r\n\0]/.test(text)) throw new Error('is more than one line')
  return text
}

/** A comma-separated list of some of the given words, each at most once. */
export function listOf<const Word extends string>(...words: readonly Word[]): Parse<readonly Word[]> {
  return text => {
    const entries = text.split(',').map(entry => oneOf(...words)(entry.trim()))
    if (new Set(entries).size < entries.length) throw new Error('names one twice')
    return entries
  }
}

/** A secret as vendors draw them: one word that can stand in a header and in an address. */
export const secretWord: Parse<string> = text => {
  if (!/^[\x21-\x7e]{16,512}$/.test(text)) throw new Error('is not one word of at least 16 characters')
  return text
}

/** A secret that stands in an address: nothing in it needs escaping. */
export const addressSecret: Parse<string> = text => {
  if (!/^[A-Za-z0-9_-]{24,128}$/.test(text)) throw new Error('is not at least 24 letters, digits, - and _')
  return text
}

/** A key for web push: so many bytes in base64url. */
export function vapidKey(bytes: number): Parse<string> {
  return text => {
    if (!/^[A-Za-z0-9_-]+$/.test(text) || Buffer.from(text, 'base64url').length !== bytes)
      throw new Error(`is not ${bytes} bytes in base64url`)
    return text
  }
}

/** `mailto:` with an address, or an https URL. */
export const emailOrUrl: Parse<string> = text => {
  if (!/^mailto:[^\s@]+@[^\s@]+$/.test(text) && !(text.startsWith('https://') && URL.canParse(text)))
    throw new Error('is neither mailto: with an address nor a URL that begins with https://')
  return text
}

/** What a Firebase project asks of those who push in its name. */
export interface FirebaseAccount {
  readonly projectId: string
  readonly clientEmail: string
  readonly privateKey: string
}

/** The JSON of a service account with a key that can sign. */
export const firebaseAccount: Parse<FirebaseAccount> = text => {
  const { project_id: projectId, client_email: clientEmail, private_key: privateKey } = fieldsOf(text)
  if (typeof projectId !== 'string' || typeof clientEmail !== 'string' || typeof privateKey !== 'string')
    throw new Error('lacks project_id, client_email or private_key')
  try {
    createPrivateKey(privateKey)
  } catch {
    throw new Error('holds a private_key that is none')
  }
  return { projectId, clientEmail, privateKey }
}

function fieldsOf(text: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed === 'object' && parsed !== null) return parsed as Record<string, unknown>
  } catch {
    // What the parser says quotes the text.
  }
  throw new Error('is not a JSON object')
}

/** A name made of letters, digits, `-`, `_` and `.`. */
export const plainName: Parse<string> = text => {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(text)) throw new Error('is not a name of letters, digits, -, _ and .')
  return text
}

/** `Name <address>` or an address. */
export const mailbox: Parse<string> = text => {
  if (!/^(?:[^<>\r\n]+ <[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/.test(text)) {
    throw new Error('is not of the form Name <address>')
  }
  return text
}

const NAMED_NETWORKS = ['loopback', 'linklocal', 'uniquelocal']

/** A comma-separated list of IP addresses, networks in CIDR form, or Express's names for the private networks. */
export const networks: Parse<readonly string[]> = text => {
  const entries = text.split(',').map(entry => entry.trim())
  if (!entries.every(isNetwork)) throw new Error('is not a list of IP addresses and networks')
  return entries
}

function isNetwork(entry: string): boolean {
  if (NAMED_NETWORKS.includes(entry)) return true
  const [address = '', prefix, ...rest] = entry.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0) return false
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128))
}
