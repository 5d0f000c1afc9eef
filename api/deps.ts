import type { SignInDeps } from '../acts/accounts/deps'
import type { ActDeps } from '../acts/deps'
import type { SealedFiles } from '../adapters/files/sealed-files'

/** What routes are given beside the request; wired once, in `server.ts`. */
export interface ApiDeps {
  /** For acts on incidents, and for reads: `acts.db`, `acts.vault`, `acts.logger`. */
  readonly acts: ActDeps
  readonly accounts: SignInDeps
  /** Where uploads lie. */
  readonly files: SealedFiles
  /** Without a slash at the end. */
  readonly publicUrl: string
  /** Is this part of the installation ready? By name, for `/health/ready`. */
  readonly checks: Readonly<Record<string, () => Promise<boolean>>>
}
