import type { Role } from '../domain/actors'
import type { DrillAudience } from '../domain/drills'
import type { Channel } from '../domain/policy'
import type { Database, Transaction } from './database'
import { ATTEMPTS, type AttemptSeen } from './inbox.repository'

/** A communication drill with how far it has come. */
export interface DrillRow {
  readonly id: string
  readonly started_by: string
  readonly started_at: Date
  readonly channels: readonly Channel[]
  /** How many were called. */
  readonly people: number
  /** How many a vendor's receipt or they themselves say it has reached. */
  readonly reached: number
  /** How many have read the notice. */
  readonly answered: number
}

/** The last drill that began within so many minutes, under a lock that lets one drill begin at a time. */
export async function lockRecentDrill(
  trx: Transaction,
  minutes: number,
): Promise<{ id: string; started_at: Date } | undefined> {
  await trx.raw(`select pg_advisory_xact_lock(hashtext('drills'))`)
  return trx('drills')
    .whereRaw('started_at > clock_timestamp() - make_interval(mins => ?)', [minutes])
    .orderBy('started_at', 'desc')
    .first<{ id: string; started_at: Date } | undefined>('id', 'started_at')
}

export async function insertDrill(
  trx: Transaction,
  { id, startedBy, channels }: { id: string; startedBy: string; channels: readonly Channel[] },
): Promise<void> {
  await trx('drills').insert({ id, started_by: startedBy, channels: [...channels] })
}

/** The active dispatchers, administrators and verified providers: all of them, or those who are on duty. */
export async function findDrillAudience(trx: Transaction, audience: DrillAudience): Promise<string[]> {
  const { rows } = await trx.raw<{ rows: { id: string }[] }>(
    `select u.id from users u
     where u.role in ('dispatcher', 'admin') and u.status = 'active' and (:all or u.on_duty)
     union all
     select u.id from provider_profiles p join users u on u.id = p.user_id
     where u.role = 'provider' and u.status = 'active' and p.verification = 'verified'
       and (:all or p.availability in ('available', 'busy'))`,
    { all: audience === 'all' },
  )
  return rows.map(row => row.id)
}

const REACHED = `n.read_at is not null
  or exists (select 1 from notice_attempts a where a.notice_id = n.id and a.state in ('delivered', 'read'))`
const DRILL = `
  select d.id, d.started_by, d.started_at, d.channels, c.people, c.reached, c.answered
  from drills d, lateral (
    select count(*)::integer as people, count(n.read_at)::integer as answered,
      (count(*) filter (where ${REACHED}))::integer as reached
    from notices n where n.drill_id = d.id) as c`

/** A page of the drills, newest first, and how many there are. */
export async function listDrills(
  db: Database,
  { limit, offset }: { limit: number; offset: number },
): Promise<{ count: number; results: DrillRow[] }> {
  const [counted] = await db('drills').count<{ count: number }[]>('* as count')
  const { rows } = await db.raw<{ rows: DrillRow[] }>(
    `${DRILL} order by d.started_at desc, d.id desc limit :limit offset :offset`,
    { limit, offset },
  )
  return { count: counted?.count ?? 0, results: rows }
}

export async function findDrill(db: Database, id: string): Promise<DrillRow | undefined> {
  const { rows } = await db.raw<{ rows: DrillRow[] }>(`${DRILL} where d.id = ?`, [id])
  return rows[0]
}

/** Somebody who was called by a drill, and what became of it. */
export interface DrillPersonRow {
  readonly id: string
  readonly role: Role
  readonly provider_type: string | null
  readonly answered_at: Date | null
  readonly attempts: readonly AttemptSeen[]
}

/** A page of those whom a drill has called, in the order in which their accounts were made. */
export async function listDrillPeople(
  db: Database,
  drillId: string,
  { limit, offset }: { limit: number; offset: number },
): Promise<DrillPersonRow[]> {
  const { rows } = await db.raw<{ rows: DrillPersonRow[] }>(
    `select n.recipient_id as id, u.role, p.provider_type, n.read_at as answered_at, ${ATTEMPTS} as attempts
     from notices n
     join users u on u.id = n.recipient_id
     left join provider_profiles p on p.user_id = n.recipient_id and u.role = 'provider'
     where n.drill_id = :drillId
     order by n.recipient_id limit :limit offset :offset`,
    { drillId, limit, offset },
  )
  return rows
}
