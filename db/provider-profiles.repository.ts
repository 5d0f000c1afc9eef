import type { Knex } from 'knex'
import type { Availability, Language, Urgency, UrgencyWord } from '../domain/statuses'
import type { Verification } from './accounts.repository'
import type { Database, Transaction } from './database'
import { ProviderProfileModel } from './models'
import type { SealedName } from './person-names'
import { runPrepared, type Prepared } from './prepared'

/** What the edit of a profile is judged by, under its lock. */
export interface ProfileToEdit {
  readonly availability: Availability
  readonly capacity: number
  readonly load: number
}

/** Locks a provider's profile; undefined for who has none. */
export async function lockProfileToEdit(trx: Transaction, userId: string): Promise<ProfileToEdit | undefined> {
  return trx('provider_profiles')
    .where({ user_id: userId })
    .forUpdate()
    .first<ProfileToEdit | undefined>('availability', 'capacity', 'load')
}

/** Writes columns of a locked profile; `wakes` tells the relay that incidents may find somebody here. */
export async function updateProfile(
  trx: Transaction,
  userId: string,
  columns: Readonly<Record<string, unknown>>,
  news: 'wakes' | 'sleeps',
): Promise<void> {
  await trx('provider_profiles')
    .where({ user_id: userId })
    .update({
      ...columns,
      version: trx.raw('version + 1'),
      updated_at: trx.raw('clock_timestamp()'),
      ...(news === 'wakes' ? { woke_at: trx.raw('clock_timestamp()') } : {}),
    })
}

/** The incidents that a provider has an open offer of. */
export async function listOpenOffersOf(db: Database, providerId: string): Promise<{ incident_id: string }[]> {
  return db('offers').where({ provider_id: providerId, state: 'open' }).orderBy('offered_at').select('incident_id')
}

/** Whether a provider can be asked, and for how many seconds they have stayed silent; null who has never. */
export interface Presence {
  readonly availability: Availability
  readonly silent_seconds: number | null
}

const FIND_PRESENCE: Prepared = {
  name: 'find-presence',
  text: `select p.availability, (select extract(epoch from clock_timestamp() - o.expires_at)::double precision from offers o
      where o.provider_id = p.user_id and o.state = 'expired' order by o.offered_at desc limit 1) as silent_seconds
    from provider_profiles p where p.user_id = $1`,
}

/** How a provider stands to being asked; undefined for who is none. */
export async function findPresence(db: Database, userId: string): Promise<Presence | undefined> {
  return (await runPrepared<Presence>(db, FIND_PRESENCE, [userId]))[0]
}

/** A profile with its account's sealed names and key, as one graph. */
export async function findProfile(db: Database, userId: string): Promise<ProviderProfileModel | undefined> {
  return ProviderProfileModel.query(db).withGraphJoined('user.key').findOne('provider_profiles.user_id', userId)
}

/** A line of the directory; `account_version` tells whether a name that was opened before is still theirs. */
export interface DirectoryRow {
  readonly user_id: string
  readonly provider_type: string
  readonly verification: Verification
  readonly availability: Availability
  readonly capacity: number
  readonly load: number
  readonly skills: readonly string[]
  readonly languages: readonly string[]
  readonly last_assigned_at: Date | null
  readonly updated_at: Date
  readonly is_active: boolean
  readonly account_version: number
  /** False once the account was erased: its name never opens again. */
  readonly has_key: boolean
}

const PROFILE = [
  ...['user_id', 'provider_type', 'verification', 'availability', 'capacity', 'load', 'skills', 'languages'],
  ...['last_assigned_at', 'updated_at'],
].map(column => `p.${column}`)

const withAccount = (db: Database, profiles: Knex.QueryBuilder) =>
  db
    .from(profiles.as('p'))
    .join('users as u', 'u.id', 'p.user_id')
    .leftJoin('account_keys as k', 'k.user_id', 'p.user_id')
    .select<DirectoryRow[]>(
      ...PROFILE,
      db.raw(`u.status = 'active' as is_active`),
      'u.version as account_version',
      db.raw('k.user_id is not null as has_key'),
    )

/** These providers, in no order; who is none is left out. */
export async function findInDirectory(db: Database, userIds: readonly string[]): Promise<DirectoryRow[]> {
  if (userIds.length === 0) return []
  return withAccount(db, db('provider_profiles').whereIn('user_id', [...userIds]))
}

export interface DirectoryFilter {
  readonly provider_type?: string | undefined
  readonly verification?: Verification | undefined
  readonly availability?: Availability | undefined
  readonly language?: Language | undefined
  /** Exactly as the provider wrote it. */
  readonly skill?: string | undefined
  /** Only those of active accounts who are verified, available and have a free slot. */
  readonly free?: true | undefined
}

/** A page of the providers that match, in order of their type, and how many match in all. */
export async function listDirectory(
  db: Database,
  { free, language, skill, ...columns }: DirectoryFilter,
  { limit, offset }: { limit: number; offset: number },
): Promise<{ count: number; results: DirectoryRow[] }> {
  const matching = db('provider_profiles')
  for (const [column, value] of Object.entries(columns)) if (value !== undefined) void matching.where(column, value)
  if (language) void matching.whereRaw('languages @> array[?]::text[]', [language])
  if (skill) void matching.whereRaw('skills @> array[?]::text[]', [skill])
  if (free)
    void matching
      .where({ verification: 'verified', availability: 'available' })
      .whereRaw('load < capacity')
      .whereRaw(`exists (select 1 from users u where u.id = provider_profiles.user_id and u.status = 'active')`)
  const order = ['provider_type', 'user_id']
  const page = matching.clone().orderBy(order).limit(limit).offset(offset)
  const [counted, results] = await Promise.all([
    matching.count<{ count: number }[]>('* as count'),
    // The page is cut before anything is joined to it.
    withAccount(db, page).orderBy(order.map(column => `p.${column}`)),
  ])
  return { count: counted[0]?.count ?? 0, results }
}

/** The sealed names of these accounts, each with its wrapped key. */
export async function findSealedNames(db: Database, userIds: readonly string[]): Promise<SealedName[]> {
  return db('users as u')
    .leftJoin('account_keys as k', 'k.user_id', 'u.id')
    .whereIn('u.id', [...userIds])
    .select<SealedName[]>('u.id', 'u.username', 'u.first_name', 'u.last_name', 'u.is_anonymous', 'k.wrapped')
}

/** An open offer with what its preview needs (S3); sealed columns open with `wrapped`. Times in milliseconds. */
export interface OfferedRow {
  readonly id: string
  readonly offered_at: number
  readonly expires_at: number
  readonly at: number
  readonly incident_id: string
  readonly code: string
  readonly case_type: string
  readonly urgency: Urgency
  readonly urgency_word: UrgencyWord | null
  readonly region: string | null
  readonly contact_safety: string | null
  readonly wrapped: string | null
  readonly language: Language | null
  readonly service: string
}

/** A provider's open offers that are still in time, the first to end first. */
export async function listOffered(db: Database, providerId: string): Promise<OfferedRow[]> {
  const { rows } = await db.raw<{ rows: OfferedRow[] }>(
    `select o.id, (extract(epoch from o.offered_at) * 1000)::double precision as offered_at,
       (extract(epoch from o.expires_at) * 1000)::double precision as expires_at,
       (extract(epoch from clock_timestamp()) * 1000)::double precision as at,
       i.id as incident_id, i.code, i.case_type, i.urgency, i.urgency_word, i.region, i.contact_safety, k.wrapped, u.language,
       p.provider_type as service
     from offers o
     join incidents i on i.id = o.incident_id
     join provider_profiles p on p.user_id = o.provider_id
     left join incident_keys k on k.incident_id = i.id
     left join users u on u.id = i.reporter_id
     where o.provider_id = ? and o.state = 'open' and o.expires_at > clock_timestamp()
     order by o.expires_at, o.id`,
    [providerId],
  )
  return rows
}
