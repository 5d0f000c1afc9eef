import type { Knex } from 'knex'

/** When a session's refresh token was last exchanged: for a moment after it, a client that exchanged one token twice is forgiven. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`alter table sessions add column rotated_at timestamptz`)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`alter table sessions drop column rotated_at`)
}
