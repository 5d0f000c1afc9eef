import type { SignInDeps } from '../acts/accounts/deps'
import type { ActDeps } from '../acts/deps'
import type { OutboundRules } from '../acts/webhooks/webhook-url'
import type { SealedFiles } from '../adapters/files/sealed-files'
import type { Config } from '../platform/config'
import type { KeyUsage } from './api-keys/key-usage'

/** What routes are given beside the request; wired once, in `server.ts`. */
export interface ApiDeps {
  /** For acts on incidents, and for reads: `acts.db`, `acts.vault`, `acts.logger`. */
  readonly acts: ActDeps
  readonly accounts: SignInDeps
  /** Where uploads lie. */
  readonly files: SealedFiles
  /** Where webhooks may lead. */
  readonly outbound: OutboundRules
  readonly keyUsage: KeyUsage
  /** Without a slash at the end. */
  readonly publicUrl: string
  /** The public key by which browsers subscribe; absent where nothing is pushed to them. */
  readonly webPushKey?: string
  /** What vendors prove themselves with; a receipt of one that is not here counts as forged. */
  readonly receiptSecrets?: Partial<Pick<Config, 'twilioAuthToken' | 'africasTalkingReceiptSecret'>>
  /** Is this part of the installation ready? By name, for `/health/ready`. */
  readonly checks: Readonly<Record<string, () => Promise<boolean>>>
}
