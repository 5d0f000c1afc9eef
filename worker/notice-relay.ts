import type { NextLook, NoticeStepInput } from '../activities/notice-step'
import { tellNotice } from '../adapters/temporal/workflow-teller'
import { startListening } from '../db/listen'
import { leaseNotices, markNoticesTold, returnNotices, type LeasedNotice } from '../db/notices.repository'
import { priorityOf } from '../domain/notice-plan'
import { forEachOf, startLoop, type Loop } from '../platform/loop'
import { Bell } from './bell'
import type { EngineDeps } from './engine-deps'
import { sendAll } from './relay'

/** So many are taken at once: told within their lease of 10 s even when each call takes a third of a second. */
const BATCH = 200
const IDLE_MS = 1_000
/** News comes with every commit: what comes within so short a time is looked for once. */
const GATHERED_MS = 10
/** Temporal has this long to come back before notices are sent without it. */
const AWAY_MS = 30_000
/**
 * So many within a second are a crowd: Temporal, which has the workflows of their incidents to start as well, would hold the first message
 * back for seconds. What comes then is stepped here, and has a workflow from its next look on.
 */
const CROWD = { notices: 25, withinMs: 1_000 } as const
/** A vendor takes its time; more at once would hold the database's connections. */
const STEPS_AT_ONCE = 10

export interface NoticeRelayDeps extends EngineDeps {
  /** The step that a notice's workflow does. */
  readonly step: (input: NoticeStepInput) => Promise<NextLook>
}

/**
 * Hands notices that are due to their workflows, at once when the database tells of news. Any number of relays share the work; each
 * leases what it hands over, and what a workflow has not looked at in time is due again.
 */
export function startNoticeRelay(deps: NoticeRelayDeps, databaseUrl: string): Loop {
  const { logger } = deps.acts
  const bell = new Bell()
  const rush = new Rush()
  const ear = startListening({ url: databaseUrl, name: 'kesi-worker-ear', logger }, () => bell.ring())
  const loop = startLoop('notice-relay', logger, async stopping => {
    const taken = await relayNotices(deps, stopping, rush)
    if (taken === BATCH) return 0
    await bell.rung(IDLE_MS, stopping)
    return GATHERED_MS
  })
  return {
    async stop() {
      await loop.stop()
      await ear.stop()
    },
  }
}

/**
 * One pass; answers how many were taken. When Temporal has been out of reach for 30 s, when a workflow does not do its work, or in a crowd,
 * the same step is done here: a notice leaves although a server is down or busy.
 */
export async function relayNotices(deps: NoticeRelayDeps, stopping?: AbortSignal, rush = new Rush()): Promise<number> {
  const isAway = deps.reach.outForMs >= AWAY_MS
  // It may be back in a moment: what would be taken now could not be taken then.
  if (deps.reach.isSilent && !isAway) return 0
  const leased = await leaseNotices(deps.acts.db, BATCH)
  const isCrowd = rush.isCrowdWith(leased.length)
  const isOurs = (notice: LeasedNotice): boolean => isAway || isCrowd || notice.is_late
  await tellAll(
    deps,
    leased.filter(notice => !isOurs(notice)),
    stopping,
  )
  await forEachOf(leased.filter(isOurs), { atOnce: STEPS_AT_ONCE, ...(stopping && { stopping }) }, ({ id }) =>
    stepHere(deps, id),
  )
  return leased.length
}

/** How many notices came lately. */
class Rush {
  #taken: { readonly at: number; readonly count: number }[] = []

  /** Are they a crowd, together with so many more? */
  isCrowdWith(count: number): boolean {
    const now = performance.now()
    this.#taken = this.#taken.filter(({ at }) => at > now - CROWD.withinMs)
    this.#taken.push({ at: now, count })
    return this.#taken.reduce((sum, each) => sum + each.count, 0) >= CROWD.notices
  }
}

async function tellAll(
  { acts, target, reach }: NoticeRelayDeps,
  notices: readonly LeasedNotice[],
  stopping: AbortSignal | undefined,
): Promise<void> {
  const told = new Set<LeasedNotice>()
  const outcome = await sendAll(notices, { reach, stopping }, async notice => {
    await tellNotice(target, { id: notice.id, isUrgent: priorityOf(notice.code) === 'urgent' })
    told.add(notice)
  })
  for (const { item, error } of outcome.refused)
    acts.logger.error({ err: error, notice: item.id }, 'Temporal refuses a notice; it is told again')
  await markNoticesTold(acts.db, [...told])
  if (outcome.isOut)
    await returnNotices(
      acts.db,
      notices.filter(notice => !told.has(notice)),
    )
}

async function stepHere({ acts, step }: NoticeRelayDeps, noticeId: string): Promise<void> {
  try {
    const { why } = await step({ noticeId, at: Date.now() })
    acts.logger.info({ notice: noticeId, why }, 'a notice was looked after without its workflow')
  } catch (error) {
    acts.logger.warn({ err: error, notice: noticeId }, 'a notice could not be looked after')
  }
}
