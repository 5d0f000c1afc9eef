import type { Database } from '../../db/database'
import { putPreferences } from '../../db/preferences.repository'
import { sealColumns, type Vault } from '../../db/vault'
import type { Role } from '../../domain/actors'
import { NOTICES, type NoticeCode } from '../../domain/notices'
import type { Channel } from '../../domain/policy'
import { EVERY_CHANNEL, type Preferences } from '../../domain/preferences'
import { newId } from '../../platform/ids'

export interface Addresses {
  readonly email?: string | null
  readonly phone?: string | null
  readonly devices?: readonly { readonly type: 'ios' | 'android' | 'web'; readonly token: string }[]
}

/** Gives an account its key and its addresses: unless said otherwise an e-mail address, a phone number and one device. */
export async function giveAddresses(
  { db, vault }: { db: Database; vault: Vault },
  userId: string,
  {
    email = 'somebody@example.org',
    phone = '+254700000000',
    devices = [{ type: 'android', token: `token-of-${userId}` }],
  }: Addresses = {},
): Promise<void> {
  const { key, wrapped } = vault.newKey(userId)
  await db('account_keys').insert({ user_id: userId, wrapped })
  await db('users')
    .where({ id: userId })
    .update(sealColumns(key, 'users', userId, { email, phone }))
  for (const { type, token } of devices) {
    const id = newId()
    const sealed = sealColumns(key, 'devices', id, { token })
    await db('devices').insert({ id, user_id: userId, device_type: type, ...sealed, token_index: id })
  }
}

export interface RecipientFacets extends Addresses {
  readonly role?: Role
  readonly prefers?: Partial<Preferences>
}

/** Somebody who can be reached; answers their id. A survivor has consented to nothing unless `prefers` says so. */
export async function addRecipient(
  deps: { db: Database; vault: Vault },
  { role = 'dispatcher', prefers, ...addresses }: RecipientFacets = {},
): Promise<string> {
  const id = newId()
  await deps.db('users').insert({ id, role, email: 'sealed', email_index: id, password_hash: 'none' })
  await giveAddresses(deps, id, addresses)
  if (prefers) await putPreferences(deps.db, id, { ...EVERY_CHANNEL, ...prefers })
  return id
}

/** A notice that waits to be sent; answers its id. */
export async function addNotice(
  db: Database,
  recipientId: string,
  {
    code = 'assignment.made',
    channels,
    at = new Date(),
    ...more
  }: { code?: NoticeCode; channels?: readonly Channel[]; at?: Date; incident_id?: string; offer_id?: string } = {},
): Promise<string> {
  const id = newId()
  await db('notices').insert({
    id,
    recipient_id: recipientId,
    code,
    channels: [...(channels ?? NOTICES[code].channels)],
    created_at: at,
    send_after: at,
    ...more,
  })
  return id
}
