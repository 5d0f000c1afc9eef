import type { Knex } from 'knex'

/** Whether somebody ever worked on an incident is asked with every view of it and every search; a provider may have thousands of others. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw('create index assignments_of_incident on assignments (incident_id, provider_id)')
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop index assignments_of_incident')
}
