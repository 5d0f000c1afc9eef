import type { Knex } from 'knex'

/** Keys by which other systems call the API in somebody's name, and how often they do. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table api_keys (
      id uuid primary key,
      name text not null,
      prefix text not null unique,
      digest text not null,
      user_id uuid not null references users on delete cascade,
      scopes text[] not null check (cardinality(scopes) > 0),
      expires_at timestamptz not null,
      last_used_at timestamptz,
      revoked_at timestamptz,
      replaced_by uuid references api_keys on delete set null,
      created_by uuid references users on delete set null,
      created_at timestamptz not null default clock_timestamp()
    );
    comment on column api_keys.name is 'a code of letters, digits and hyphens, so that it may stand in lists and logs';
    comment on column api_keys.prefix is 'the part of the key that is shown; digest is the SHA-256 of its secret part, which is stored nowhere';
    comment on column api_keys.user_id is 'in whose name it acts; scopes are permissions, and count only as far as that account''s role has them';
    comment on column api_keys.last_used_at is 'to within some seconds, as is api_key_usage';
    create index api_keys_newest on api_keys (created_at desc, id desc);
    create index api_keys_of_user on api_keys (user_id);
    create table api_key_usage (
      key_id uuid not null references api_keys on delete cascade,
      day date not null,
      route text not null,
      count bigint not null,
      primary key (key_id, day, route)
    );
    comment on column api_key_usage.day is 'in UTC';
    comment on column api_key_usage.route is 'method and path as they are declared, with :id for ids';
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table api_key_usage, api_keys')
}
