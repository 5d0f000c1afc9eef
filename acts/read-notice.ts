import { markNoticeRead, type InboxRow } from '../db/inbox.repository'
import { Refusal } from '../domain/refusals'
import { personOf, type ActDeps, type By } from './deps'

/** Notes that somebody has read a notice of their own and answers it; the first time counts. Throws `NOTICE_NOT_FOUND`. */
export async function readNotice({ db }: ActDeps, noticeId: string, by: By): Promise<InboxRow> {
  const recipientId = personOf(by)
  const notice = recipientId && (await markNoticeRead(db, { noticeId, recipientId }))
  if (!notice) throw new Refusal('NOTICE_NOT_FOUND')
  return notice
}
