import type { Knex } from 'knex'

/** All notices of an incident can be listed, those that were withdrawn too; the index also serves what the one before it served. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create index notices_of_incident on notices (incident_id, created_at desc) where incident_id is not null;
    drop index notices_live;
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    create index notices_live on notices (incident_id) where withdrawn_at is null;
    drop index notices_of_incident;
  `)
}
