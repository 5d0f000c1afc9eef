import type { Knex } from 'knex'

/** Health says how many deadlines the sweep had to keep of late, and is asked every few seconds. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw('create index incidents_swept on incidents (swept_at) where swept_at is not null')
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop index incidents_swept')
}
