import type { z } from 'zod'
import { silencePreferences } from '../../acts/notices/preferences'
import type { ActDeps } from '../../acts/deps'
import {
  findInboxNotice,
  listInbox,
  type AttemptSeen,
  type InboxRow,
  type InboxWindow,
} from '../../db/inbox.repository'
import { countAddresses, findPreferences } from '../../db/preferences.repository'
import type { Channel } from '../../domain/policy'
import { Refusal } from '../../domain/refusals'
import type { SignedIn } from '../route'
import type {
  attemptSeenSchema,
  noticeDetailSchema,
  noticeSchema,
  preferencesSchema,
  testSchema,
} from './notices.schemas'

/** A notice as its recipient sees it: its code and what it is about. */
const noticeView = (row: InboxRow): z.input<typeof noticeSchema> => ({
  id: row.id,
  kind: row.code,
  reference: row.incident_id,
  created_at: row.created_at.toISOString(),
  read_at: row.read_at?.toISOString() ?? null,
})

/** What became of a notice by one channel. */
export const attemptView = ({ at, ...attempt }: AttemptSeen): z.input<typeof attemptSeenSchema> => ({
  ...attempt,
  at: new Date(at).toISOString(),
})

/** A page of somebody's inbox. */
export async function readInbox(
  { db }: Pick<ActDeps, 'db'>,
  userId: string,
  window: InboxWindow,
): Promise<{ count: number; unread: number; results: z.input<typeof noticeSchema>[] }> {
  const { count, unread, results } = await listInbox(db, userId, window)
  return { count, unread, results: results.map(noticeView) }
}

/** A notice of somebody's own, with what became of it by each channel. Throws `NOTICE_NOT_FOUND`. */
export async function readNotice(
  { db }: Pick<ActDeps, 'db'>,
  userId: string,
  noticeId: string,
): Promise<z.input<typeof noticeDetailSchema>> {
  const row = await findInboxNotice(db, noticeId, userId)
  if (!row) throw new Refusal('NOTICE_NOT_FOUND')
  return { ...noticeView(row), attempts: row.attempts.map(attemptView) }
}

/** How somebody is reached as it counts now, whether they said so or not. */
export async function readPreferences(
  { db, configuredChannels }: Pick<ActDeps, 'db' | 'configuredChannels'>,
  { id, role }: SignedIn,
): Promise<z.input<typeof preferencesSchema>> {
  const [stored, addresses] = await Promise.all([findPreferences(db, id), countAddresses(db, id)])
  const counting = stored ?? silencePreferences(role)
  const reach = (channel: Channel) => ({
    enabled: counting[channel],
    available: configuredChannels.has(channel),
    addresses: addresses[channel],
  })
  return {
    push: reach('push'),
    sms: reach('sms'),
    email: reach('email'),
    quiet_hours: counting.quiet,
    time_zone: counting.time_zone,
    digest: counting.digest,
    told_at: stored?.told_at.toISOString() ?? null,
  }
}

/** A test notice, and by which ways it can come at all. */
export async function readTest(
  deps: Pick<ActDeps, 'db' | 'configuredChannels'>,
  reader: SignedIn,
  noticeId: string,
): Promise<z.input<typeof testSchema>> {
  const [notice, { push, sms, email }] = await Promise.all([
    readNotice(deps, reader.id, noticeId),
    readPreferences(deps, reader),
  ])
  return { notice, push, sms, email }
}
