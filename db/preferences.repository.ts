import type { Channel } from '../domain/policy'
import type { Preferences } from '../domain/preferences'
import type { Database, Transaction } from './database'
import { runPrepared, type Prepared } from './prepared'

/** Preferences as they are stored, with the moment at which their person last said so. */
export interface StoredPreferences extends Preferences {
  readonly told_at: Date
}

/** What `notification_preferences` has of them. */
export interface PreferencesRow extends Omit<Preferences, 'quiet'> {
  readonly quiet_from: string | null
  readonly quiet_to: string | null
}

/** Preferences as the domain knows them. */
export function preferencesOf({ quiet_from, quiet_to, ...row }: PreferencesRow): Preferences {
  const { push, sms, email, time_zone, digest } = row
  const quiet = quiet_from !== null && quiet_to !== null ? { from: quiet_from, to: quiet_to } : null
  return { push, sms, email, quiet, time_zone, digest }
}

const FIND: Prepared = {
  name: 'find-preferences',
  text: `select push, sms, email, quiet_from, quiet_to, time_zone, digest, told_at
    from notification_preferences where user_id = $1`,
}

/** How somebody said that they want to be reached; undefined when they have said nothing. */
export async function findPreferences(
  db: Database | Transaction,
  userId: string,
): Promise<StoredPreferences | undefined> {
  const [row] = await runPrepared<PreferencesRow & Pick<StoredPreferences, 'told_at'>>(db, FIND, [userId])
  return row && { ...preferencesOf(row), told_at: row.told_at }
}

/** Puts somebody's preferences in the place of those they had. */
export async function putPreferences(
  db: Database | Transaction,
  userId: string,
  { push, sms, email, quiet, time_zone, digest }: Preferences,
): Promise<void> {
  const row = { push, sms, email, quiet_from: quiet?.from ?? null, quiet_to: quiet?.to ?? null, time_zone, digest }
  await db('notification_preferences')
    .insert({ user_id: userId, ...row })
    .onConflict('user_id')
    .merge({ ...row, told_at: db.raw('clock_timestamp()') })
}

/** Forgets what somebody said; for a survivor nothing leaves from then on. */
export async function deletePreferences(db: Database | Transaction, userId: string): Promise<void> {
  await db('notification_preferences').where({ user_id: userId }).delete()
}

const COUNT_ADDRESSES: Prepared = {
  name: 'count-addresses',
  text: `select (select count(*) from devices d where d.user_id = u.id)::integer as push,
      (u.phone is not null)::integer as sms, (u.email is not null)::integer as email
    from users u where u.id = $1`,
}

/** How many addresses somebody has for each channel: devices, a phone number, an e-mail address. */
export async function countAddresses(db: Database, userId: string): Promise<Record<Channel, number>> {
  const [counted] = await runPrepared<Record<Channel, number>>(db, COUNT_ADDRESSES, [userId])
  return counted ?? { push: 0, sms: 0, email: 0 }
}
