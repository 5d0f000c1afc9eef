import type { Knex } from 'knex'

/** Whom a third-party report is about, who barred a provider, and an index behind every filter of the incident lists. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table incident_subjects (
      incident_id uuid primary key references incidents on delete cascade,
      consent text not null check (consent in ('agreed','not_asked','imminent_danger')),
      subject text
    );
    comment on table incident_subjects is 'whom a report on behalf is about; apart from the incident, so that what reads an incident does not read this by the way';
    comment on column incident_subjects.subject is 'sealed with the incident''s key';
    alter table exclusions
      add column barred_by text not null default 'reporter' check (barred_by in ('reporter','dispatch')),
      add column barred_at timestamptz not null default clock_timestamp();
    comment on column exclusions.barred_by is 'what the reporter barred, only the reporter lifts';

    -- Filters, counts and averages of the lists are answered from this one alone, without a look at the rows.
    create index incidents_listed on incidents (created_at desc, id)
      include (status, urgency, case_type, incident_type, region, assigned_at, reported_at) where deleted_at is null;
    drop index incidents_newest;
    create index incidents_last_changed on incidents (updated_at desc, id) where deleted_at is null;
    create index incidents_by_region on incidents (region, created_at desc) where deleted_at is null;
    create index incidents_of_owner on incidents (owner_id) where owner_id is not null;
    create index incidents_worked on incidents (assignee_id, created_at desc)
      where assignee_id is not null and status not in ('closed', 'cancelled');
    create index incidents_escalated on incidents (created_at desc) where escalation_reason is not null;
    create index incidents_by_code on incidents (replace(code, '-', '') text_pattern_ops);
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    create index incidents_newest on incidents (created_at desc, id) where deleted_at is null;
    drop index incidents_by_code, incidents_escalated, incidents_worked, incidents_of_owner, incidents_by_region,
      incidents_last_changed, incidents_listed;
    alter table exclusions drop column barred_at, drop column barred_by;
    drop table incident_subjects;
  `)
}
