import type { Database } from './database'

export interface LoadMismatch {
  readonly provider_id: string
  readonly load: number
  readonly counted: number
}

/** Providers whose slot counter differs from their open offers and cases under way; always empty unless an act is wrong (I3). */
export async function findLoadMismatches(db: Database): Promise<LoadMismatch[]> {
  const { rows } = await db.raw<{ rows: LoadMismatch[] }>(
    `select p.user_id as provider_id, p.load, counted.slots as counted
     from provider_profiles p
     cross join lateral (
       select (select count(*) from offers o where o.provider_id = p.user_id and o.state = 'open')
            + (select count(*) from incidents i where i.assignee_id = p.user_id
                 and i.status in ('assigned', 'in_progress')) as slots
     ) counted
     where p.load <> counted.slots`,
  )
  return rows
}

/** Incidents whose status has no event of its own, or whose events skip a number: always empty unless an act is wrong (I5). */
export async function findBrokenStories(db: Database): Promise<{ incident_id: string; fault: string }[]> {
  const { rows } = await db.raw<{ rows: { incident_id: string; fault: string }[] }>(
    `select i.id as incident_id, 'status has no event' as fault from incidents i
     where i.status is distinct from (select e.to_status from events e
       where e.incident_id = i.id and e.to_status is not null order by e.seq desc limit 1)
     union all
     select i.id, 'events skip a number' from incidents i
     where i.last_seq <> (select count(*) from events e where e.incident_id = i.id)
     union all
     select e.incident_id, 'a status change does not follow the one before' from (
       select incident_id, seq, from_status,
         lag(to_status) over (partition by incident_id order by seq) as before
       from events where to_status is not null) e
     where e.before is not null and e.from_status is distinct from e.before`,
  )
  return rows
}

/** Incidents with more than one accepted assignment, or an open offer beside an assignee (I2). */
export async function findDoubleAnswers(db: Database): Promise<{ incident_id: string }[]> {
  const { rows } = await db.raw<{ rows: { incident_id: string }[] }>(
    `select a.incident_id from assignments a where a.ended_at is null group by a.incident_id, a.service having count(*) > 1
     union
     select o.incident_id from offers o join incidents i on i.id = o.incident_id
     where o.state = 'open' and i.status in ('assigned', 'in_progress', 'completed', 'closed', 'cancelled')`,
  )
  return rows
}

/** One reading of an incident by somebody who is not its reporter; whose it was is not part of it. */
export interface AccessRow {
  readonly at: Date
  readonly actor_role: string
  readonly what: string
}

/** A page of the readings of an incident, the newest first, and how many there are in all. */
export async function listAccesses(
  db: Database,
  incidentId: string,
  { limit, offset }: { readonly limit: number; readonly offset: number },
): Promise<{ count: number; results: AccessRow[] }> {
  const [[counted], results] = await Promise.all([
    db('access_log').where({ incident_id: incidentId }).count<{ count: number }[]>('* as count'),
    db('access_log')
      .where({ incident_id: incidentId })
      .orderBy([{ column: 'at', order: 'desc' }, 'id'])
      .limit(limit)
      .offset(offset)
      .select<AccessRow[]>('at', 'actor_role', 'what'),
  ])
  return { count: counted?.count ?? 0, results }
}
