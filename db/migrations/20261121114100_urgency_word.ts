import type { Knex } from 'knex'

/** The reporter's own word for how urgent it is, where their app knows more words than the engine has urgencies. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table incidents add column urgency_word text check (urgency_word in ('routine', 'urgent', 'immediate'));
    comment on column incidents.urgency_word is 'as reported; the engine goes by urgency alone';
    create index incidents_immediate on incidents (created_at desc, id)
      where urgency_word = 'immediate' and deleted_at is null;
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop index incidents_immediate;
    alter table incidents drop column urgency_word;
  `)
}
