import type { Database } from './database'

/** A provider who became available or got a free place. */
export interface Woken {
  readonly provider_id: string
  readonly provider_type: string
  /** Places free now; 0 for one who can take nothing after all. */
  readonly free: number
}

/** The wakes that stand now, and the database's time at which they were read, as text: JavaScript's dates would round it. */
export async function readWoken(db: Database, limit: number): Promise<{ at: string; woken: Woken[] }> {
  const clock = await db.raw<{ rows: [{ at: string }] }>('select clock_timestamp()::text as at')
  const { rows } = await db.raw<{ rows: Woken[] }>(
    `select p.user_id as provider_id, p.provider_type,
       case when p.availability = 'available' and p.verification = 'verified' then greatest(0, p.capacity - p.load) else 0 end as free
     from provider_profiles p where p.woke_at is not null order by p.woke_at limit ?`,
    [limit],
  )
  return { at: clock.rows[0].at, woken: rows }
}

/** An incident that waits with dispatch for a responder. */
export interface Waiting {
  readonly id: string
  readonly rev: number
}

/** Waiting incidents that ask for providers of this type: urgent first, then the oldest. */
export async function listWaiting(db: Database, providerType: string, limit: number): Promise<Waiting[]> {
  const { rows } = await db.raw<{ rows: Waiting[] }>(
    `select i.id, i.rev from incidents i join policies p on p.id = i.policy_id
     where i.status = 'escalated' and not i.held and i.search_started_at is not null
       and not exists (select 1 from offers o where o.incident_id = i.id and o.state = 'open')
       and p.rules -> 'offer' -> 'provider_types' @> to_jsonb(:providerType::text)
     order by (i.urgency = 'urgent') desc, i.reported_at, i.id limit :limit`,
    { providerType, limit },
  )
  return rows
}

/** Ends the wakes of these providers that were older than so many seconds at time `at`; a newer one stays. */
export async function endWakes(
  db: Database,
  { providerIds, at, olderThanSeconds }: { providerIds: readonly string[]; at: string; olderThanSeconds: number },
): Promise<void> {
  await db.raw(
    `update provider_profiles set woke_at = null
     where user_id = any(:providerIds::uuid[])
       and woke_at <= :at::timestamptz - make_interval(secs => :olderThanSeconds)`,
    { providerIds: [...providerIds], at, olderThanSeconds },
  )
}
