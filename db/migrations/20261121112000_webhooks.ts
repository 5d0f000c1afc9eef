import type { Knex } from 'knex'

/** Addresses of other systems that are told of events, and each telling. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table webhooks (
      id uuid primary key,
      wrapped text not null,
      url text not null,
      secret text not null,
      old_secret text,
      old_secret_until timestamptz,
      description text,
      event_types text[] not null default '{}',
      case_types text[] not null default '{}',
      status text not null default 'active' check (status in ('active','disabled')),
      disabled_reason text check (disabled_reason in ('by_admin','gone','failing')),
      failing_since timestamptz,
      version integer not null default 1,
      created_by uuid references users on delete set null,
      created_at timestamptz not null default clock_timestamp(),
      updated_at timestamptz not null default clock_timestamp(),
      check ((status = 'disabled') = (disabled_reason is not null))
    );
    comment on column webhooks.wrapped is 'the key that seals this row, wrapped; it goes with the row';
    comment on column webhooks.url is 'sealed with the row''s key, as are secret, old_secret and description';
    comment on column webhooks.event_types is 'empty for all, as is case_types';
    comment on column webhooks.failing_since is 'the first failure since the last success, over all deliveries; null after a success';
    create index webhooks_newest on webhooks (created_at desc, id desc);
    create table webhook_deliveries (
      id uuid primary key,
      webhook_id uuid not null references webhooks on delete cascade,
      event_id uuid references events on delete cascade,
      state text not null default 'queued' check (state in ('queued','delivered','failed','cancelled')),
      attempts integer not null default 0,
      last_status integer,
      last_failure text,
      next_at timestamptz default clock_timestamp(),
      send_after timestamptz default clock_timestamp(),
      created_at timestamptz not null default clock_timestamp(),
      delivered_at timestamptz,
      -- The event first: by this index too the deliveries of an event are found that goes.
      unique (event_id, webhook_id),
      check ((state = 'queued') = (next_at is not null)),
      check (state = 'queued' or send_after is null)
    );
    comment on column webhook_deliveries.event_id is 'null for a test';
    comment on column webhook_deliveries.attempts is 'since it was queued, or last replayed';
    comment on column webhook_deliveries.last_failure is 'a code, never the receiver''s words';
    comment on column webhook_deliveries.next_at is 'when the workflow tries next';
    comment on column webhook_deliveries.send_after is
      'when the relay next has its workflow look at it; while the workflow itself waits, a little later than it will look';
    create index webhook_deliveries_to_send on webhook_deliveries (send_after) where send_after is not null;
    create index webhook_deliveries_newest on webhook_deliveries (webhook_id, created_at desc, id desc);
    create index webhook_deliveries_by_state on webhook_deliveries (webhook_id, state, created_at desc, id desc);
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table webhook_deliveries, webhooks')
}
