import type { z } from 'zod'
import { isStaff } from '../../acts/accounts/account-words'
import type { TokenPair } from '../../acts/accounts/open-session'
import type { SignedInAccount } from '../../acts/accounts/register-account'
import type { Device } from '../../db/devices.repository'
import { nameOf, type Account } from '../../db/accounts.repository'
import type { InvitationRow } from '../../db/invitations.repository'
import type { PasskeyRow } from '../../db/passkeys.repository'
import type { SessionRow } from '../../db/sessions.repository'
import { ROLE_NAMES } from '../../domain/actors'
import { PROVIDER_TYPES } from '../../domain/case-types'
import type { passkeySchema } from './passkeys.schemas'
import type { deviceSchema } from './devices.schemas'
import type { invitationSchema, refreshedSchema, sessionSchema, signedInSchema, userSchema } from './accounts.schemas'

const PROVIDER_TYPE_NAMES: ReadonlyMap<string, string> = new Map(PROVIDER_TYPES.map(({ code, name }) => [code, name]))

/** An account as its owner and administrators see it. */
export function userView(account: Account): z.input<typeof userSchema> {
  const { provider_type } = account
  // Somebody who was a provider once keeps the profile; it is not part of what they are now.
  const isProvider = account.role === 'provider'
  return {
    id: account.id,
    email: account.email,
    username: account.username,
    first_name: account.first_name,
    last_name: account.last_name,
    full_name: nameOf(account),
    role: account.role,
    role_display: ROLE_NAMES[account.role],
    provider_type: isProvider ? provider_type : null,
    provider_type_display: (isProvider && provider_type && PROVIDER_TYPE_NAMES.get(provider_type)) || null,
    verification: isProvider ? account.verification : null,
    language: account.language,
    is_anonymous: account.is_anonymous,
    biometric_enabled: account.biometric_enabled,
    is_active: account.status === 'active',
    on_duty: isStaff(account.role) ? account.on_duty : null,
    last_login: account.last_login_at?.toISOString() ?? null,
    created_at: account.created_at.toISOString(),
    updated_at: account.updated_at.toISOString(),
  }
}

/** A pair of tokens, under both names that clients read them by. */
export const tokensView = ({ access, refresh }: TokenPair): z.input<typeof refreshedSchema> => ({
  success: true,
  access,
  refresh,
  tokens: { access, refresh },
})

/** The answer to a registration or a log-in. */
export const signedInView = (
  { account, tokens }: SignedInAccount,
  message: string,
): z.input<typeof signedInSchema> => ({ ...tokensView(tokens), message, user: userView(account) })

/** A session as its owner sees it; `current` is the one that asks. */
export const sessionView = (row: SessionRow, currentId: string): z.input<typeof sessionSchema> => ({
  id: row.id,
  current: row.id === currentId,
  device: row.device,
  created_at: row.created_at.toISOString(),
  last_used_at: row.last_used_at.toISOString(),
})

/** A passkey as its owner sees it. */
export const passkeyView = (row: PasskeyRow): z.input<typeof passkeySchema> => ({
  id: row.id,
  device: row.device,
  created_at: row.created_at.toISOString(),
  last_used_at: row.last_used_at?.toISOString() ?? null,
})

const SHOWN_OF_A_TOKEN = 4

/** A device as its owner sees it: of the token no more than its app needs to know it by. */
export const deviceView = (device: Device): z.input<typeof deviceSchema> => ({
  id: device.id,
  device_type: device.device_type,
  token_ending: addressOf(device.token).slice(-SHOWN_OF_A_TOKEN),
  created_at: device.created_at.toISOString(),
  registered_at: device.registered_at.toISOString(),
})

/** A browser's subscription is kept as JSON; what tells it from others is its endpoint. */
const addressOf = (token: string): string =>
  token.startsWith('{') ? (JSON.parse(token) as { endpoint: string }).endpoint : token

/** An invitation without its token, which only its maker saw, and without its address, which is not stored. */
export const invitationView = (row: InvitationRow): z.input<typeof invitationSchema> => ({
  id: row.id,
  role: row.role,
  invited_by: row.invited_by,
  created_at: row.created_at.toISOString(),
  expires_at: row.expires_at.toISOString(),
  used_at: row.used_at?.toISOString() ?? null,
})
