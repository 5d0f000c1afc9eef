import type { Knex } from 'knex'

/** What the dispatch board, the analytics and the provider directory are read by: none of them walks through a whole table. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- The queue and the escalations. Its predicate is the queue's own condition; ordinary urgent incidents never enter it.
    create index incidents_needing_person on incidents (created_at, id)
      where deleted_at is null and status not in ('closed', 'cancelled')
        and (status in ('pending_dispatcher_review', 'escalated') or escalation_reason is not null or held);
    -- The board counts the open ones from the index alone.
    drop index incidents_by_status;
    create index incidents_by_status on incidents (status, created_at desc) include (urgency, case_type, deleted_at)
      where status not in ('closed', 'cancelled');
    -- What I1 forbids: its condition is that of the health query, word for word.
    create index incidents_unattended on incidents (coalesce(next_deadline_at, '-infinity'))
      where status not in ('closed', 'cancelled') and owner_id is null and assignee_id is null;
    create index incidents_completed on incidents (completed_at) where completed_at is not null and deleted_at is null;
    -- Ended incidents are counted by it up to a bound, from the index alone; written once in an incident's life.
    create index incidents_ended on incidents (case_type, urgency, status)
      where status in ('closed', 'cancelled') and deleted_at is null;
    -- Beyond the bound PostgreSQL's own sample says how many there are; autovacuum keeps it.
    create statistics incidents_words (mcv) on case_type, urgency, status from incidents;
    create index events_escalated on events (incident_id) where type = 'incident.escalated';
    create index provider_profiles_directory on provider_profiles (provider_type, user_id);
    create index provider_profiles_skills on provider_profiles using gin (skills);
    create index provider_profiles_languages on provider_profiles using gin (languages);
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop index provider_profiles_languages, provider_profiles_skills, provider_profiles_directory, events_escalated,
      incidents_ended, incidents_completed, incidents_unattended, incidents_by_status, incidents_needing_person;
    create index incidents_by_status on incidents (status, created_at desc) where status not in ('closed','cancelled');
    drop statistics incidents_words;
  `)
}
