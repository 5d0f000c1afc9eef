import type { Knex } from 'knex'

/** When a vendor that keeps its receipts until somebody asks is asked for the one of a hand-over. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table notice_hand_overs add column ask_at timestamptz default clock_timestamp() + interval '15 minutes';
    comment on column notice_hand_overs.ask_at is
      'when Expo is next asked what became of it, and until then nobody else''s; null when that is known or a day has passed';
    create index notice_hand_overs_to_ask on notice_hand_overs (ask_at) where vendor = 'expo' and ask_at is not null;
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('alter table notice_hand_overs drop column ask_at')
}
