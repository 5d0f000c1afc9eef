import { listUnattended, readPulse, type UnattendedRow } from '../../db/health.repository'
import type { ApiDeps } from '../deps'

/** A part that does not say in time that it is ready is not. */
const CHECK_WITHIN_MS = 2_000
/** A change that the workflow has not heard of for longer than this means that signals lag behind. */
const BEHIND_AFTER_SECONDS = 5
/** A screen shows no more; the count is of all. */
const UNATTENDED_AT_MOST = 100

export interface Pulse {
  readonly behind: boolean
  readonly behind_seconds: number
  /** Incidents whose deadline the sweep kept within the last 5 minutes. */
  readonly kept_by_sweep: number
  /** The database's clock less this process's. */
  readonly clock_difference_ms: number
}

/** The state of every part by name; one that fails or takes longer than 2 s is not ready. */
export async function readChecks({ checks }: Pick<ApiDeps, 'checks'>): Promise<Record<string, boolean>> {
  const states = Object.entries(checks).map(async ([name, check]) => [name, await inTime(check)] as const)
  return Object.fromEntries(await Promise.all(states))
}

async function inTime(check: () => Promise<boolean>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>(resolve => {
    timer = setTimeout(() => resolve(false), CHECK_WITHIN_MS)
  })
  try {
    return await Promise.race([check().catch(() => false), late])
  } finally {
    clearTimeout(timer)
  }
}

/** How far the workflows are behind the record, and how the clocks differ; null when the database does not answer in time. */
export async function readEnginePulse({ acts }: Pick<ApiDeps, 'acts'>): Promise<Pulse | null> {
  let pulse: Pulse | null = null
  await inTime(async () => {
    const before = Date.now()
    const { behind_seconds, kept_by_sweep, at } = await readPulse(acts.db)
    // The database read its clock somewhere between the two: the middle is off by half the round trip at most.
    const clock_difference_ms = Math.round(at - (before + Date.now()) / 2)
    pulse = { behind: behind_seconds > BEHIND_AFTER_SECONDS, behind_seconds, kept_by_sweep, clock_difference_ms }
    return true
  })
  return pulse
}

/** Open incidents that nobody attends to (I1), the longest first. */
export async function readUnattended({
  acts,
}: Pick<ApiDeps, 'acts'>): Promise<{ count: number; results: UnattendedRow[] }> {
  return listUnattended(acts.db, UNATTENDED_AT_MOST)
}

/** A check that is not asked again once it was true: a schema at head stays there while the process lives. */
export function onceTrue(check: () => Promise<boolean>): () => Promise<boolean> {
  let isTrue = false
  return async () => (isTrue ||= await check())
}
