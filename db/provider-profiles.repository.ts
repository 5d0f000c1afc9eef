import type { Availability, Language, Urgency } from '../domain/statuses'
import type { Database, Transaction } from './database'
import { ProviderProfileModel } from './models'

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

/** A profile with its account's sealed names and key, as one graph. */
export async function findProfile(db: Database, userId: string): Promise<ProviderProfileModel | undefined> {
  return ProviderProfileModel.query(db).withGraphJoined('user.key').findOne('provider_profiles.user_id', userId)
}

/** These profiles with their accounts' sealed names and keys. */
export async function findProfiles(db: Database, userIds: readonly string[]): Promise<ProviderProfileModel[]> {
  if (userIds.length === 0) return []
  return ProviderProfileModel.query(db)
    .withGraphJoined('user.key')
    .whereIn('provider_profiles.user_id', [...userIds])
}

export interface ProfileFilter {
  readonly provider_type?: string | undefined
  readonly verification?: 'pending' | 'verified' | 'refused' | undefined
  readonly availability?: Availability | undefined
  /** Only those of active accounts who are verified, available and have a free slot. */
  readonly free?: true | undefined
}

/** A page of the providers that match, in order of their type, and how many match in all. */
export async function listProfiles(
  db: Database,
  { free, ...columns }: ProfileFilter,
  { limit, offset }: { limit: number; offset: number },
): Promise<{ count: number; results: ProviderProfileModel[] }> {
  const matching = ProviderProfileModel.query(db).withGraphJoined('user.key')
  for (const [column, value] of Object.entries(columns))
    if (value !== undefined) void matching.where(`provider_profiles.${column}`, value)
  if (free)
    void matching
      .where({ 'user.status': 'active', 'provider_profiles.verification': 'verified' })
      .where('provider_profiles.availability', 'available')
      .whereColumn('provider_profiles.load', '<', 'provider_profiles.capacity')
  const count = await matching.resultSize()
  const results = await matching
    .orderBy(['provider_profiles.provider_type', 'provider_profiles.user_id'])
    .limit(limit)
    .offset(offset)
  return { count, results }
}

/** An open offer with what its preview needs (S3); sealed columns open with `wrapped`. Times in milliseconds. */
export interface OfferedRow {
  readonly id: string
  readonly expires_at: number
  readonly at: number
  readonly incident_id: string
  readonly code: string
  readonly case_type: string
  readonly urgency: Urgency
  readonly region: string | null
  readonly contact_safety: string | null
  readonly wrapped: string | null
  readonly language: Language | null
  readonly service: string
}

/** A provider's open offers that are still in time, the first to end first. */
export async function listOffered(db: Database, providerId: string): Promise<OfferedRow[]> {
  const { rows } = await db.raw<{ rows: OfferedRow[] }>(
    `select o.id, (extract(epoch from o.expires_at) * 1000)::double precision as expires_at,
       (extract(epoch from clock_timestamp()) * 1000)::double precision as at,
       i.id as incident_id, i.code, i.case_type, i.urgency, i.region, i.contact_safety, k.wrapped, u.language,
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
