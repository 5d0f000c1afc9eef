import type { Knex } from 'knex'

/**
 * Until when somebody's app was surely told what was written in a conversation: a client that cannot say what it heard last is sent
 * what came after, also by another replica and after a restart.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table dialect_positions (
      session_id uuid not null references sessions on delete cascade,
      conversation_id uuid not null references conversations on delete cascade,
      seen_at timestamptz not null default clock_timestamp(),
      primary key (session_id, conversation_id)
    );
    comment on column dialect_positions.seen_at is
      'when the client last answered that it is there, for it answers after what it was sent before; at first when it came';
    create index dialect_positions_of_conversation on dialect_positions (conversation_id);
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`drop table dialect_positions`)
}
