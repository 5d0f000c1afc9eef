import type { Knex } from 'knex'

/**
 * What sockets are told, in the order of commits, and the tickets by which a socket signs in. Unlogged: after a crash of the database
 * clients are told of the gap and read by HTTP.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create unlogged table feed (
      id bigint primary key,
      type text not null,
      incident_id uuid,
      conversation_id uuid,
      user_id uuid,
      ref uuid,
      actor_id uuid,
      event text,
      status text,
      rev integer,
      at timestamptz not null default clock_timestamp()
    );
    comment on column feed.id is
      'the writing transaction''s number times 4096, plus the place within it: rows below the oldest running transaction are final, so nothing appears behind a reader';
    comment on column feed.user_id is 'whose own socket is told';
    comment on column feed.ref is 'the offer, notice or message that it is about';
    create function feed_id(place integer) returns bigint language sql volatile
      return (pg_current_xact_id()::text::bigint << 12) + place;
    create function feed_horizon() returns bigint language sql stable
      return (pg_snapshot_xmin(pg_current_snapshot())::text::bigint << 12);
    create table ws_tickets (
      digest text primary key,
      session_id uuid not null references sessions on delete cascade,
      expires_at timestamptz not null
    );
    comment on table ws_tickets is 'deleted by their one use';
    create index ws_tickets_expired on ws_tickets (expires_at);
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table ws_tickets, feed;
    drop function feed_id(integer);
    drop function feed_horizon();
  `)
}
