import type { Knex } from 'knex'

/** What the sending of notices needs: preferences, hand-overs to vendors with their receipts, and communication drills. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table notification_preferences (
      user_id uuid primary key references users on delete cascade,
      push boolean not null,
      sms boolean not null,
      email boolean not null,
      quiet_from text,
      quiet_to text,
      time_zone text,
      digest boolean not null default false,
      told_at timestamptz not null default clock_timestamp(),
      check ((quiet_from is null) = (quiet_to is null))
    );
    comment on table notification_preferences is 'how somebody wants to be reached; a survivor without a row is reached in the inbox alone';
    comment on column notification_preferences.quiet_from is 'HH:MM in time_zone; from it until quiet_to nothing leaves that may wait';
    create table drills (
      id uuid primary key,
      started_by uuid not null references users,
      channels text[] not null,
      started_at timestamptz not null default clock_timestamp()
    );
    create index drills_newest on drills (started_at desc);
    alter table notices add column drill_id uuid references drills on delete cascade;
    create index notices_of_drill on notices (drill_id) where drill_id is not null;
    comment on column notices.send_after is
      'when the relay next has its workflow look at it; while the workflow itself waits, a little later than it will look; null when nothing is left to send';
    alter table notice_attempts add column vendor text, add column tries integer not null default 0,
      add column leased_until timestamptz, add column handed_over_at timestamptz, add column told_at timestamptz;
    comment on column notice_attempts.leased_until is 'until then nobody tries: a try is under way in some process, or one has just failed';
    comment on column notice_attempts.told_at is 'when a receipt or the reader said what became of it';
    create table notice_hand_overs (
      vendor text not null,
      vendor_id text not null,
      attempt_id uuid not null references notice_attempts on delete cascade,
      at timestamptz not null default clock_timestamp(),
      primary key (vendor, vendor_id)
    );
    create index notice_hand_overs_of_attempt on notice_hand_overs (attempt_id);
    create table notice_receipts (
      vendor text not null,
      vendor_id text not null,
      state text not null check (state in ('delivered','read','failed')),
      code text,
      received_at timestamptz not null default clock_timestamp(),
      primary key (vendor, vendor_id, state)
    );
    comment on table notice_receipts is 'what vendors said, also before the hand-over was written; twice is once';
    create index notice_receipts_age on notice_receipts (received_at);
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table notice_receipts, notice_hand_overs;
    alter table notice_attempts drop column vendor, drop column tries, drop column leased_until, drop column handed_over_at,
      drop column told_at;
    alter table notices drop column drill_id;
    drop table drills, notification_preferences;
    comment on column notices.send_after is
      'when the relay hands it to the sending workflow; null when there is nothing to send or it was handed over';
  `)
}
