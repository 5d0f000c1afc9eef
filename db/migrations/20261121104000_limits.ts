import type { Knex } from 'knex'

/**
 * How much of its allowance each address and each account has used. Unlogged: it is written often, and after a crash of the
 * database everybody may begin anew. Each row is changed in place again and again, so its page keeps room for the next version.
 */
export async function up(knex: Knex): Promise<void> {
  // The library inserts by position: three columns, in this order.
  await knex.raw(`
    create unlogged table request_limits (
      key varchar(255) primary key,
      points integer not null default 0,
      expire bigint
    ) with (fillfactor = 50);
    comment on table request_limits is 'kept by rate-limiter-flexible, through api/limits';
    comment on column request_limits.key is 'the allowance and whose it is: an account''s or a session''s id, or the keyed digest of an address';
    comment on column request_limits.expire is 'milliseconds since 1970; rows an hour past it are cleared away';
    create index request_limits_expire on request_limits (expire);
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table request_limits')
}
