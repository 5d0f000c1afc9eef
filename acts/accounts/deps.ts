import type { Database } from '../../db/database'
import type { Vault } from '../../db/vault'
import type { NamedKey } from '../../platform/keyring'
import type { Logger } from '../../platform/logger'
import type { AccessTokens } from '../../platform/tokens'

/** What the acts on accounts need beside their arguments; wired once by the process that runs them. */
export interface AccountDeps {
  readonly db: Database
  readonly vault: Vault
  readonly logger: Logger
  /** The key of the digests by which an account is found. */
  readonly indexKey: NamedKey
  readonly accessTokens: AccessTokens
  /** How long a session lives without being used. */
  readonly refreshTokenDays: number
  readonly now: () => Date
}

/** What signing in needs beside: where people do it, and how strict it is with staff. */
export interface SignInDeps extends AccountDeps {
  /** The address people reach the product by; passkeys and one-time codes are bound to it. */
  readonly publicUrl: string
  /** After how many minutes without an act a session of staff ends (S15). */
  readonly staffIdleMinutes: number
  /** Are staff let in only with a second factor? True in production. */
  readonly secondFactorRequired: boolean
}
