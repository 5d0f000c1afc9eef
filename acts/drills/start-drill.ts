import { findDrillAudience, insertDrill, lockRecentDrill } from '../../db/drills.repository'
import { markEffect } from '../../db/idempotency.repository'
import { insertNotices } from '../../db/inbox.repository'
import { nudge } from '../../db/nudge'
import { inTransaction } from '../../db/unit-of-work'
import type { DrillAudience } from '../../domain/drills'
import type { NoticeCode } from '../../domain/notices'
import type { Channel } from '../../domain/policy'
import { Refusal } from '../../domain/refusals'
import { newId } from '../../platform/ids'
import type { ActDeps, By } from '../deps'

const CODE: NoticeCode = 'dispatch.drill'
/** For so long a drill may be answered before the next one may call the same people. */
const DRILL_MINUTES = 10

export interface NewDrill {
  readonly startedBy: string
  readonly channels: readonly Channel[]
  readonly audience: DrillAudience
}

/**
 * Calls everybody on duty, or everybody, by these channels, and answers the drill's id. Each finds it in the inbox too, and answers
 * by reading it. Throws `DRILL_RUNNING` within ten minutes of the last one.
 */
export async function startDrill(
  { db, logger, configuredChannels }: ActDeps,
  { startedBy, channels, audience }: NewDrill,
  by: By,
): Promise<string> {
  const id = newId()
  const recipients = await inTransaction(db, async trx => {
    const running = await lockRecentDrill(trx, DRILL_MINUTES)
    if (running)
      throw new Refusal('DRILL_RUNNING', { extra: { drill: running.id, started_at: running.started_at.toISOString() } })
    await insertDrill(trx, { id, startedBy, channels })
    const people = (await findDrillAudience(trx, audience)).map(recipientId => ({ id: newId(), recipientId }))
    const send = channels.some(channel => configuredChannels.has(channel))
    await insertNotices(trx, { code: CODE, recipients: people, channels, send, drillId: id })
    await markEffect(trx, by.requestId, id)
    return people
  })
  nudge(db)
  logger.info({ drill: id, code: CODE, notices: recipients.length }, 'notice')
  return id
}
