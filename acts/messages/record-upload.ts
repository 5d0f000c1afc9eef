import { findAccountKey } from '../../db/accounts.repository'
import { insertAttachment, sealFile } from '../../db/attachments.repository'
import { markEffect } from '../../db/idempotency.repository'
import { inTransaction } from '../../db/unit-of-work'
import type { FileKind } from '../../domain/file-types'
import type { DataKey } from '../../platform/envelope'
import type { ActDeps, By } from '../deps'
import { requirePerson } from './open-conversation'

/** A file that lies sealed in the store, under its id. */
export interface StoredFile {
  readonly id: string
  readonly key: DataKey
  readonly name: string
  readonly kind: FileKind
  readonly mediaType: string
  readonly size: number
  readonly sha256: string
}

/** Records an upload as its uploader's own: its key is sealed with theirs until it is sent with a message. */
export async function recordUpload(deps: ActDeps, file: StoredFile, by: By): Promise<void> {
  const { id: uploaderId } = requirePerson(by)
  await inTransaction(deps.db, async trx => {
    const owner = await findAccountKey(trx, deps.vault, uploaderId)
    if (!owner) throw new Error('the account has no key')
    const { id, kind, mediaType, size, sha256 } = file
    const sealed = sealFile(owner, id, file)
    await insertAttachment(trx, { id, uploader_id: uploaderId, kind, media_type: mediaType, size, sha256, ...sealed })
    await markEffect(trx, by.requestId, id)
  })
}
