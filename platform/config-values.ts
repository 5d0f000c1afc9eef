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

/** Any text that is not blank, on one line. */
export const oneLine: Parse<string> = text => {
  if (/[\r\n\0]/.test(text)) throw new Error('is more than one line')
  return text
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
