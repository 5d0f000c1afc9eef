import type { Knex } from 'knex'

/** Conversations of incidents: messages, receipts, attachments, and what a reporter shares with a new responder. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table conversations (
      id uuid primary key,
      incident_id uuid not null unique references incidents on delete cascade,
      last_seq integer not null default 0,
      last_message_at timestamptz,
      created_at timestamptz not null default clock_timestamp()
    );
    comment on column conversations.last_seq is 'raised under the row''s lock: the messages are numbered from 1 without a gap';
    create index conversations_newest on conversations (last_message_at desc, id desc) where last_seq > 0;
    create index incidents_deleted on incidents (id) where deleted_at is not null;
    create table messages (
      id uuid primary key,
      conversation_id uuid not null references conversations on delete cascade,
      seq integer not null,
      sender_id uuid not null references users,
      sender_role text not null,
      receiver_id uuid references users,
      message_type text not null check (message_type in ('text','image','audio','file')),
      content text,
      client_id text,
      client_digest text,
      created_at timestamptz not null,
      unique (conversation_id, seq),
      unique (conversation_id, sender_id, client_digest)
    );
    comment on column messages.content is 'sealed with the incident''s key, as is client_id; null when only an attachment was sent';
    create table message_receipts (
      message_id uuid not null references messages on delete cascade,
      reader_id uuid not null references users on delete cascade,
      read_at timestamptz not null default clock_timestamp(),
      primary key (message_id, reader_id)
    );
    create table attachments (
      id uuid primary key,
      uploader_id uuid not null references users on delete cascade,
      message_id uuid unique references messages on delete cascade,
      kind text not null check (kind in ('image','audio','document')),
      media_type text not null,
      size integer not null check (size > 0),
      sha256 text not null,
      file_key text not null,
      file_name text not null,
      created_at timestamptz not null default clock_timestamp()
    );
    comment on column attachments.file_key is 'opens the file; sealed with the account''s key until it is sent, then with the incident''s, as is file_name';
    create index attachments_unsent on attachments (created_at) where message_id is null;
    create table conversation_shares (
      assignment_id uuid primary key references assignments on delete cascade,
      shared_by uuid not null references users,
      shared_at timestamptz not null default clock_timestamp()
    );
    comment on table conversation_shares is 'responders who may read what was written before they were assigned';
    alter table notices add column conversation_id uuid references conversations on delete cascade;
    comment on column notices.conversation_id is 'of a notice about messages, in place of incident_id: a message must not wait for an incident''s lock';
    create unique index notices_one_unread_a_conversation on notices (conversation_id, recipient_id)
      where conversation_id is not null and read_at is null and withdrawn_at is null;
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table notices drop column conversation_id;
    drop index incidents_deleted;
    drop table conversation_shares, attachments, message_receipts, messages, conversations;
  `)
}
