import { markNotice } from '../../db/inbox.repository'
import { nudge } from '../../db/nudge'
import { Refusal } from '../../domain/refusals'
import { personOf, type ActDeps, type By } from '../deps'

/**
 * Notes that a notice of somebody's own has arrived, or that they have read it. Nothing more is sent of one that is read, nor of a
 * ladder that has arrived. Throws `NOTICE_NOT_FOUND`.
 */
export async function acknowledgeNotice(
  { db }: Pick<ActDeps, 'db'>,
  noticeId: string,
  by: By,
  as: 'delivered' | 'read',
): Promise<void> {
  const recipientId = personOf(by)
  if (!recipientId || !(await markNotice(db, { noticeId, recipientId }, as))) throw new Refusal('NOTICE_NOT_FOUND')
  nudge(db)
}
