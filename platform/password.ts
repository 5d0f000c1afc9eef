import { hash, verify, type Options } from '@node-rs/argon2'
import { COMMON_PASSWORDS, COMMON_WORDS } from './common-passwords'

/** The shortest password, in characters. */
export const PASSWORD_MIN = 10

/** The longest password, in characters; hashing time grows with length, so it has to end somewhere. */
export const PASSWORD_MAX = 128

/** Why a password is not accepted. */
export type PasswordFault = 'too_short' | 'too_long' | 'too_common'

// OWASP's first choice for argon2id: 19 MiB, two passes, one lane. About 10 ms here.
const COST: Options = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

// The hash of 32 random bytes that nobody kept, made with COST.
const NOBODYS_HASH = '$argon2id$v=19$m=19456,t=2,p=1$ZNzpKijcKKbKFs+6NmX5Sg$s4RPyDud3GvnOTfSFHwaFg+BI3gBUDOlv7JHMdQ7WXw'

/** The argon2id hash of a password, salt and cost inside. */
export async function hashPassword(password: string): Promise<string> {
  return await hash(password.normalize('NFKC'), COST)
}

/** Whether the password made that hash; a text that is no hash answers false. */
export async function verifyPassword(storedHash: string, password: string): Promise<boolean> {
  try {
    return await verify(storedHash, password.normalize('NFKC'))
  } catch {
    return false
  }
}

/** Takes as long as a verification and is always false: call it for an unknown account, so that time tells nothing. */
export async function burnPassword(password: string): Promise<false> {
  await verifyPassword(NOBODYS_HASH, password)
  return false
}

/** Why the password is refused, or undefined when it may be used. */
export function passwordFault(password: string): PasswordFault | undefined {
  const characters = [...password.normalize('NFKC')]
  if (characters.length < PASSWORD_MIN) return 'too_short'
  if (characters.length > PASSWORD_MAX) return 'too_long'
  return isCommon(characters.join('').toLowerCase()) ? 'too_common' : undefined
}

function isCommon(password: string): boolean {
  if (COMMON_PASSWORDS.has(password)) return true
  if (isRepetition(password) || isSequence(password)) return true
  // 'Password2026!' is 'password' to whoever guesses.
  const word = password
    .replaceAll('@', 'a')
    .replaceAll('$', 's')
    .replace(/^[^a-z]+|[^a-z]+$/g, '')
    .replaceAll('0', 'o')
  return COMMON_WORDS.has(word)
}

function isRepetition(password: string): boolean {
  if (new Set(password).size <= 3) return true
  return [4, 5, 6].some(unit => password === password.slice(0, unit).repeat(password.length).slice(0, password.length))
}

const ROWS = ['qwertyuiopasdfghjklzxcvbnm', '1234567890qwertyuiop', 'azertyuiopqsdfghjklmwxcvbn']

function isSequence(password: string): boolean {
  const codes = [...password].map(character => character.codePointAt(0) ?? 0)
  const steps = new Set(codes.slice(1).map((code, i) => code - (codes[i] ?? 0)))
  if (steps.size === 1) return true
  const backwards = [...password].reverse().join('')
  return ROWS.some(row => row.includes(password) || row.includes(backwards))
}
