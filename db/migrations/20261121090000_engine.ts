import type { Knex } from 'knex'

/** Accounts, the record of incidents with its events, and what the engine needs to run them. */
export async function up(knex: Knex): Promise<void> {
  await accounts(knex)
  await incidents(knex)
  await offersAndEvents(knex)
  await notices(knex)
}

async function accounts(knex: Knex): Promise<void> {
  await knex.raw(`
    create table users (
      id uuid primary key,
      role text not null check (role in ('survivor','provider','dispatcher','admin')),
      status text not null default 'active' check (status in ('active','disabled')),
      email text, email_index text unique,
      username text, username_index text unique,
      first_name text, last_name text, phone text,
      password_hash text not null,
      language text not null default 'en',
      is_anonymous boolean not null default false,
      biometric_enabled boolean not null default false,
      on_duty boolean not null default true,
      is_demo boolean not null default false,
      version integer not null default 1,
      last_login_at timestamptz,
      created_at timestamptz not null default clock_timestamp(),
      updated_at timestamptz not null default clock_timestamp(),
      check (email_index is not null or username_index is not null)
    );
    create index users_staff on users (role) where role in ('dispatcher', 'admin') and status = 'active';
    comment on column users.email is 'sealed with the account''s own key, as are username, first_name, last_name and phone';
    create table account_keys (
      user_id uuid primary key references users on delete cascade,
      wrapped text not null
    );
    create table provider_profiles (
      user_id uuid primary key references users on delete cascade,
      provider_type text not null,
      verification text not null default 'pending' check (verification in ('pending','verified','refused')),
      verification_note text,
      availability text not null default 'available' check (availability in ('available','busy','off_duty','unresponsive')),
      capacity integer not null default 1 check (capacity between 0 and 1000),
      load integer not null default 0 check (load >= 0),
      forced_load integer not null default 0 check (forced_load >= 0),
      silences integer not null default 0,
      cooling_until timestamptz,
      last_assigned_at timestamptz,
      skills text[] not null default '{}',
      languages text[] not null default '{}',
      position text,
      base_lat double precision, base_lng double precision,
      woke_at timestamptz,
      version integer not null default 1,
      updated_at timestamptz not null default clock_timestamp(),
      constraint load_within_capacity check (load <= capacity + forced_load)
    );
    comment on column provider_profiles.verification_note is 'why, in an admin''s words; sealed with the account''s key, as is position';
    comment on column provider_profiles.load is 'accepted cases and open offers; changed only by acts under the incident''s lock';
    comment on column provider_profiles.base_lat is 'on a grid of a tenth of a degree; the exact position is sealed in position';
    create index provider_profiles_choice on provider_profiles (provider_type, verification, availability);
    create index provider_profiles_woken on provider_profiles (woke_at) where woke_at is not null;
    create table sessions (
      id uuid primary key,
      user_id uuid not null references users on delete cascade,
      refresh_digest text not null unique,
      spent_digests text[] not null default '{}',
      device text,
      created_at timestamptz not null default clock_timestamp(),
      last_used_at timestamptz not null default clock_timestamp(),
      expires_at timestamptz not null,
      revoked_at timestamptz
    );
    create index sessions_of_user on sessions (user_id) where revoked_at is null;
    create index sessions_spent on sessions using gin (spent_digests);
    create table invitations (
      id uuid primary key,
      role text not null check (role in ('dispatcher','admin')),
      email_index text not null,
      token_digest text not null unique,
      invited_by uuid references users,
      created_at timestamptz not null default clock_timestamp(),
      expires_at timestamptz not null,
      used_at timestamptz
    );
  `)
}

async function incidents(knex: Knex): Promise<void> {
  await knex.raw(`
    create table policies (
      id uuid primary key,
      case_type text not null,
      version integer not null,
      rules jsonb not null,
      active boolean not null default false,
      created_by uuid references users,
      created_at timestamptz not null default clock_timestamp(),
      unique (case_type, version)
    );
    create unique index policies_one_active on policies (case_type) where active;
    create table incidents (
      id uuid primary key,
      code text not null unique,
      case_type text not null,
      case_type_version integer not null,
      policy_id uuid not null references policies,
      urgency text not null check (urgency in ('urgent','routine')),
      status text not null check (status in ('reported','pending_dispatcher_review','offering','escalated','assigned','in_progress','completed','closed','cancelled')),
      rev integer not null,
      version integer not null default 1,
      round integer not null default 0,
      incident_type text,
      reporter_id uuid references users,
      client_id text,
      on_behalf boolean not null default false,
      assignee_id uuid references users,
      owner_id uuid references users,
      owner_active_at timestamptz,
      held boolean not null default false,
      region text,
      occurred_at timestamptz,
      occurred_precision text,
      title text, description text, place text, details text, contact_safety text,
      reported_at timestamptz not null,
      review_from timestamptz,
      search_started_at timestamptz, search_asked integer not null default 0,
      search_refused boolean not null default false, look_again_at timestamptz,
      escalation_reason text, escalated_at timestamptz, ladder_step integer not null default 0, climb_at timestamptz,
      assigned_at timestamptz, nudged_at timestamptz, started_at timestamptz,
      completed_at timestamptz, ended_at timestamptz,
      outcome text,
      next_deadline_at timestamptz,
      next_step text,
      last_seq integer not null default 0,
      last_hash text not null,
      last_event_at timestamptz not null,
      swept_at timestamptz,
      deleted_at timestamptz,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      unique (reporter_id, client_id),
      constraint assigned_has_an_assignee check (status not in ('assigned','in_progress') or assignee_id is not null),
      constraint attended check (
        status in ('closed','cancelled') or next_deadline_at is not null or owner_id is not null or assignee_id is not null)
    );
    comment on column incidents.title is 'sealed with the incident''s key, as are description, place, details and contact_safety';
    create table incident_keys (
      incident_id uuid primary key references incidents on delete cascade,
      wrapped text not null
    );
    create index incidents_due on incidents (next_deadline_at) where next_deadline_at is not null;
    create index incidents_of_reporter on incidents (reporter_id, created_at desc) where deleted_at is null;
    create index incidents_of_assignee on incidents (assignee_id, created_at desc) where assignee_id is not null;
    create index incidents_newest on incidents (created_at desc, id) where deleted_at is null;
    create index incidents_by_status on incidents (status, created_at desc) where status not in ('closed','cancelled');
    create index incidents_waiting on incidents (case_type, reported_at) where status = 'escalated' and not held and search_started_at is not null;
    create table exclusions (
      incident_id uuid not null references incidents on delete cascade,
      provider_id uuid not null references users on delete cascade,
      primary key (incident_id, provider_id)
    );
  `)
}

async function offersAndEvents(knex: Knex): Promise<void> {
  await knex.raw(`
    create table offers (
      id uuid primary key,
      incident_id uuid not null references incidents on delete cascade,
      provider_id uuid not null references users,
      round integer not null,
      attempt integer not null,
      state text not null check (state in ('open','accepted','rejected','expired','withdrawn')),
      offered_at timestamptz not null,
      expires_at timestamptz not null,
      answered_at timestamptz,
      reason text,
      candidates jsonb not null default '[]'
    );
    create index offers_of_incident on offers (incident_id, round);
    create index offers_open_of_provider on offers (provider_id) where state = 'open';
    create index offers_of_provider on offers (provider_id, offered_at desc);
    create unique index offers_one_open_each on offers (incident_id, provider_id) where state = 'open';
    create table assignments (
      id uuid primary key,
      incident_id uuid not null references incidents on delete cascade,
      provider_id uuid not null references users,
      service text not null default 'response',
      offer_id uuid references offers,
      assigned_by uuid references users,
      forced boolean not null default false,
      assigned_at timestamptz not null,
      ended_at timestamptz,
      end_reason text
    );
    create unique index assignments_one_yes on assignments (incident_id, service) where ended_at is null;
    create index assignments_of_provider on assignments (provider_id, assigned_at desc);
    create table events (
      id uuid primary key,
      incident_id uuid not null references incidents on delete cascade,
      seq integer not null,
      rev integer not null,
      type text not null,
      from_status text,
      to_status text,
      actor_role text not null,
      actor_id uuid,
      at timestamptz not null,
      data jsonb not null default '{}',
      request_id uuid,
      prev_hash text not null,
      hash text not null,
      signal text,
      signal_after timestamptz,
      unique (incident_id, seq)
    );
    comment on column events.signal is 'the signal by which the workflow must hear of it; null once it has, or when it need not';
    create index events_unsignalled on events (signal_after) where signal is not null;
    create table event_notes (
      event_id uuid primary key references events on delete cascade,
      note text not null
    );
    comment on column event_notes.note is 'the words somebody gave as a reason, sealed with the incident''s key';
    create table access_log (
      id uuid primary key,
      incident_id uuid not null references incidents on delete cascade,
      actor_id uuid not null,
      actor_role text not null,
      what text not null,
      at timestamptz not null default clock_timestamp()
    );
    create index access_log_of_incident on access_log (incident_id, at desc);
    create table idempotency_keys (
      id uuid primary key,
      user_id uuid not null references users on delete cascade,
      route text not null,
      key_digest text not null,
      body_digest text not null,
      effect uuid,
      status integer,
      answer text,
      taken_at timestamptz not null default clock_timestamp(),
      unique (user_id, route, key_digest)
    );
    comment on column idempotency_keys.answer is 'sealed with the account''s key';
    create index idempotency_keys_age on idempotency_keys (taken_at);
  `)
}

async function notices(knex: Knex): Promise<void> {
  await knex.raw(`
    create table notices (
      id uuid primary key,
      recipient_id uuid not null references users on delete cascade,
      incident_id uuid references incidents on delete cascade,
      offer_id uuid references offers on delete cascade,
      code text not null,
      channels text[] not null default '{}',
      rev integer,
      created_at timestamptz not null,
      read_at timestamptz,
      withdrawn_at timestamptz,
      send_after timestamptz
    );
    comment on column notices.send_after is 'when the relay hands it to the sending workflow; null when there is nothing to send or it was handed over';
    create index notices_inbox on notices (recipient_id, created_at desc);
    create index notices_live on notices (incident_id) where withdrawn_at is null;
    create index notices_to_send on notices (send_after) where send_after is not null;
    create table notice_attempts (
      id uuid primary key,
      notice_id uuid not null references notices on delete cascade,
      channel text not null check (channel in ('push','sms','email')),
      state text not null check (state in ('queued','handed_over','delivered','read','failed','unknown','withdrawn')),
      vendor_id text,
      failure text,
      at timestamptz not null default clock_timestamp(),
      unique (notice_id, channel)
    );
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table notice_attempts, notices, idempotency_keys, access_log, event_notes, events, assignments, offers, exclusions,
      incident_keys, incidents, policies, invitations, sessions, provider_profiles, account_keys, users;
  `)
}
