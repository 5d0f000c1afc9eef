import { createSecretKey } from 'node:crypto'
import type { Role } from '../domain/actors'
import type { FileKind } from '../domain/file-types'
import type { DataKey } from '../platform/envelope'
import { newId } from '../platform/ids'
import type { Database, Transaction } from './database'
import { runPrepared, type Prepared } from './prepared'
import { openText, sealColumns } from './vault'

const TABLE = 'attachments'

/** An uploaded file as the record keeps it; its content lies sealed in the file store, under its id. */
export interface AttachmentRow {
  readonly id: string
  readonly uploader_id: string
  readonly kind: FileKind
  readonly media_type: string
  readonly size: number
  /** SHA-256 of the content before it was sealed, in hexadecimal. */
  readonly sha256: string
  readonly file_key: string
  readonly file_name: string
  readonly created_at: Date
}

/** What only a key opens of an attachment: the key of its content, and its name. */
export interface FileSecrets {
  readonly key: DataKey
  readonly name: string
}

/** Seals an attachment's secrets with the key of whoever owns it: the uploader's account, and once it was sent the incident. */
export function sealFile(
  owner: DataKey,
  id: string,
  { key, name }: FileSecrets,
): { file_key: string; file_name: string } {
  const sealed = sealColumns(owner, TABLE, id, { file_key: key.export().toString('base64url'), file_name: name })
  return sealed as { file_key: string; file_name: string }
}

/** Opens an attachment's secrets; throws `SealBroken`. */
export function openFile(owner: DataKey, row: Pick<AttachmentRow, 'id' | 'file_key' | 'file_name'>): FileSecrets {
  const key = openText(owner, TABLE, row.id, 'file_key', row.file_key) ?? ''
  return { key: createSecretKey(Buffer.from(key, 'base64url')), name: openFileName(owner, row) }
}

/** Opens an attachment's name alone; throws `SealBroken`. */
export const openFileName = (owner: DataKey, { id, file_name }: Pick<AttachmentRow, 'id' | 'file_name'>): string =>
  openText(owner, TABLE, id, 'file_name', file_name) ?? ''

export async function insertAttachment(trx: Transaction, row: Omit<AttachmentRow, 'created_at'>): Promise<void> {
  await trx(TABLE).insert(row)
}

/** An upload of this person's that was not sent yet. */
export async function findUpload(
  db: Database,
  id: string,
  uploaderId: string,
): Promise<(AttachmentRow & { readonly wrapped: string }) | undefined> {
  return uploads(db, id, uploaderId)
}

/** The same, locked: of two messages that want to carry it, and of a sweep, one gets it. */
export async function lockUpload(
  trx: Transaction,
  id: string,
  uploaderId: string,
): Promise<(AttachmentRow & { readonly wrapped: string }) | undefined> {
  return uploads(trx, id, uploaderId).forUpdate(TABLE)
}

const uploads = (db: Database | Transaction, id: string, uploaderId: string) =>
  db(TABLE)
    .join('account_keys', 'account_keys.user_id', 'attachments.uploader_id')
    .where({ 'attachments.id': id, 'attachments.uploader_id': uploaderId })
    .whereNull('attachments.message_id')
    .first<(AttachmentRow & { readonly wrapped: string }) | undefined>('attachments.*', 'account_keys.wrapped')

/** Gives an upload to its message, sealed with the incident's key from now on. */
export async function attach(
  trx: Transaction,
  id: string,
  columns: { readonly message_id: string; readonly file_key: string; readonly file_name: string },
): Promise<void> {
  await trx(TABLE).where({ id }).update(columns)
}

const FIND: Prepared = { name: 'find-attachment', text: 'select * from attachments where message_id = $1' }
const FIND_LOGGED: Prepared = {
  name: 'find-attachment-logged',
  text: `with found as materialized (
      select f.*, c.incident_id from attachments f join messages m on m.id = f.message_id
        join conversations c on c.id = m.conversation_id where f.message_id = $1),
    logged as (insert into access_log (id, incident_id, actor_id, actor_role, what)
      select $2::uuid, incident_id, $3::uuid, $4, 'attachment.read' from found)
    select * from found`,
}

/** The attachment of a message; with a reader who is logged, the statement writes the access log too (S5). */
export async function findAttachment(
  db: Database,
  messageId: string,
  logged?: { readonly id: string; readonly role: Role },
): Promise<AttachmentRow | undefined> {
  const [row] = logged
    ? await runPrepared<AttachmentRow>(db, FIND_LOGGED, [messageId, newId(), logged.id, logged.role])
    : await runPrepared<AttachmentRow>(db, FIND, [messageId])
  return row
}

/** Locks uploads that were never sent and are older than `seconds`, at most `batch`; what somebody else holds is left to them. */
export async function lockStaleUploads(
  trx: Transaction,
  { seconds, batch }: { seconds: number; batch: number },
): Promise<string[]> {
  const { rows } = await trx.raw<{ rows: { id: string }[] }>(
    `select id from attachments
     where message_id is null and created_at < clock_timestamp() - make_interval(secs => :seconds)
     order by created_at limit :batch for update skip locked`,
    { seconds, batch },
  )
  return rows.map(row => row.id)
}

export async function deleteUploads(trx: Transaction, ids: readonly string[]): Promise<void> {
  await trx(TABLE)
    .whereIn('id', [...ids])
    .delete()
}
