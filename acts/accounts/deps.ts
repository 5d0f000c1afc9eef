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
