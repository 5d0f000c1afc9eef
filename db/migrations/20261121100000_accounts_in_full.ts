import type { Knex } from 'knex'

/** Log-in attempts, second factors, passkeys, password resets, devices, and what a session knows of its own strength. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table sessions
      add column last_active_at timestamptz not null default clock_timestamp(),
      add column second_factor boolean not null default false;
    comment on column sessions.last_active_at is 'the last request that did something; reading and refreshing are none';
    comment on column sessions.second_factor is 'did whoever opened it show a second factor, or enrol one since?';
    create table login_attempts (
      address text not null,
      account text not null,
      attempt text not null,
      failed boolean not null default false,
      at timestamptz not null default clock_timestamp(),
      primary key (address, account, attempt)
    );
    comment on table login_attempts is 'keyed digests alone: of the network address, of the account or the unknown name, and of what was tried';
    comment on column login_attempts.failed is 'false while the password is being checked';
    create index login_attempts_of_address on login_attempts (address, at desc) where failed;
    create index login_attempts_age on login_attempts (at);
    create table password_resets (
      id uuid primary key,
      user_id uuid not null references users on delete cascade,
      token_digest text not null unique,
      created_at timestamptz not null default clock_timestamp(),
      expires_at timestamptz not null,
      used_at timestamptz
    );
    create index password_resets_of_user on password_resets (user_id);
    create table totp_secrets (
      user_id uuid primary key references users on delete cascade,
      secret text not null,
      last_step bigint,
      confirmed_at timestamptz,
      created_at timestamptz not null default clock_timestamp()
    );
    comment on column totp_secrets.secret is 'sealed with the account''s key';
    comment on column totp_secrets.last_step is 'the 30 s step of the last code that was used: neither it nor an older one works again';
    create table passkeys (
      id uuid primary key,
      user_id uuid not null references users on delete cascade,
      credential_id text not null unique,
      public_key text not null,
      counter bigint not null,
      transports text[] not null default '{}',
      device text not null,
      created_at timestamptz not null default clock_timestamp(),
      last_used_at timestamptz
    );
    comment on column passkeys.public_key is 'COSE, base64url; nothing here opens anything';
    create index passkeys_of_user on passkeys (user_id, created_at);
    create table passkey_challenges (
      challenge text primary key,
      user_id uuid references users on delete cascade,
      expires_at timestamptz not null
    );
    comment on column passkey_challenges.user_id is 'who adds a passkey; null for a log-in, which does not say yet who it is';
    create index passkey_challenges_age on passkey_challenges (expires_at);
    create table devices (
      id uuid primary key,
      user_id uuid not null references users on delete cascade,
      device_type text not null check (device_type in ('ios','android','web')),
      token text not null,
      token_index text not null unique,
      created_at timestamptz not null default clock_timestamp(),
      registered_at timestamptz not null default clock_timestamp()
    );
    comment on column devices.token is 'sealed with the account''s key';
    comment on column devices.token_index is 'a keyed digest of the token: one token, one user';
    create index devices_of_user on devices (user_id, registered_at desc);
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table devices, passkey_challenges, passkeys, totp_secrets, password_resets, login_attempts;
    alter table sessions drop column last_active_at, drop column second_factor;
  `)
}
