import type { z } from 'zod'
import type { ActDeps } from '../../acts/deps'
import { placeOf } from '../../acts/incident-place'
import { listEscalations, readBoardFigures, type BoardFilter } from '../../db/dispatch.repository'
import { listUnattended, readPulse } from '../../db/health.repository'
import { findIncident } from '../../db/incidents.repository'
import { findPolicy, listPolicies } from '../../db/policies.repository'
import { findProfiles } from '../../db/provider-profiles.repository'
import { readCandidates } from '../../db/providers.repository'
import type { PolicyVersion } from '../../domain/policy'
import { rank, whyNot } from '../../domain/ranking'
import { Refusal } from '../../domain/refusals'
import { STATUSES, URGENCIES } from '../../domain/statuses'
import { pageOf, windowOf, type PageQuery } from '../lists'
import { readIncidents } from '../incidents/incidents.reads'
import { readProviders } from '../providers/providers.reads'
import type { providerSchema } from '../providers/providers.schemas'
import { providerView } from '../providers/providers.views'
import type { RequestFacts, SignedIn } from '../route'
import type { dashboardSchema, recommendationSchema } from './dispatch.schemas'
import type { policySchema } from './policies.schemas'

type Reads = Pick<ActDeps, 'db' | 'vault' | 'policies'>

/** The dispatch board: figures of today, what waits for a person, who is being called, and what nobody attends to (I1). */
export async function readDashboard(
  deps: Reads,
  reader: SignedIn,
  filter: BoardFilter,
  page: PageQuery,
  request: RequestFacts,
): Promise<z.input<typeof dashboardSchema>> {
  const window = { ...windowOf(page), column: 'created_at', order: 'asc' } as const
  const [figures, queue, escalations, unattended] = await Promise.all([
    readBoardFigures(deps.db, filter),
    readIncidents(deps, reader, { ...filter, needs_person: true }, window),
    listEscalations(deps.db, filter),
    listUnattended(deps.db, 1),
  ])
  const { providers, by_status, by_urgency, ...counts } = figures
  return {
    statistics: {
      ...counts,
      by_status: zeros(STATUSES, by_status),
      by_urgency: zeros(URGENCIES, by_urgency),
      providers,
    },
    queue: pageOf(queue, page, request),
    escalations: escalations.map(({ since, ...row }) => ({ ...row, since: since.toISOString() })),
    unattended: { count: unattended.count },
  }
}

const zeros = <Word extends string>(
  words: readonly Word[],
  counted: Partial<Record<Word, number>>,
): Record<Word, number> => Object.fromEntries(words.map(word => [word, counted[word] ?? 0])) as Record<Word, number>

type Recommendation = z.input<typeof recommendationSchema>

/**
 * Everybody who could be asked, the best first, then those who cannot with every reason why not; by the same rules as the engine's
 * choice, on the state of this moment. Throws `INCIDENT_NOT_FOUND`.
 */
export async function readRecommendations(deps: Reads, incidentId: string): Promise<Recommendation[]> {
  const { candidates, place, types, at } = await readChoice(deps, incidentId)
  const ranked = new Map(rank(candidates, types, place, at).map(each => [each.candidate.provider_id, each]))
  const profiles = await findProfiles(
    deps.db,
    candidates.map(each => each.provider_id),
  )
  const names = new Map(profiles.map(each => [each.user_id, providerView(deps.vault, each).name]))
  return candidates
    .map((candidate): Recommendation => {
      const chosen = ranked.get(candidate.provider_id)
      return {
        provider: candidate.provider_id,
        provider_name: names.get(candidate.provider_id) ?? null,
        provider_type: candidate.provider_type,
        availability: candidate.availability,
        load: candidate.load,
        capacity: candidate.capacity,
        rank: chosen?.rank ?? null,
        score_parts: chosen ? { ...chosen.score_parts, last_assigned_at: timeOf(candidate.last_assigned_at) } : null,
        reasons: [...(chosen?.reasons ?? [])],
        eligible: chosen !== undefined,
        why_not: whyNot(candidate, types, at),
      }
    })
    .sort((a, b) => (a.rank ?? UNRANKED) - (b.rank ?? UNRANKED))
}

/** Behind everybody who has a rank. */
const UNRANKED = Number.MAX_SAFE_INTEGER

const timeOf = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())

async function readChoice(deps: Reads, incidentId: string) {
  const row = await findIncident(deps.db, incidentId)
  if (!row || row.deleted_at !== null) throw new Refusal('INCIDENT_NOT_FOUND')
  const types = (await deps.policies.rulesOf(deps.db, row.policy_id)).offer.provider_types
  const candidates = await readCandidates(deps.db, { incidentId, round: row.round, providerTypes: types })
  const { at } = await readPulse(deps.db)
  return { candidates, types, at, place: await placeOf(deps, deps.db, row) }
}

/** A page of the providers who have a free slot now: all of them, or those whom this incident could be offered to, best first. */
export async function readAvailable(
  deps: Reads,
  { incident, provider_type }: { incident?: string | undefined; provider_type?: string | undefined },
  window: { limit: number; offset: number },
): Promise<{ count: number; results: z.input<typeof providerSchema>[] }> {
  if (incident === undefined) return readProviders(deps, { provider_type, free: true }, window)
  const { candidates, place, types, at } = await readChoice(deps, incident)
  const eligible = rank(candidates, types, place, at)
    .map(each => each.candidate)
    .filter(candidate => provider_type === undefined || candidate.provider_type === provider_type)
    .map(candidate => candidate.provider_id)
  const ids = eligible.slice(window.offset, window.offset + window.limit)
  const profiles = new Map((await findProfiles(deps.db, ids)).map(profile => [profile.user_id, profile]))
  const results = ids.flatMap(id => profiles.get(id) ?? []).map(profile => providerView(deps.vault, profile))
  return { count: eligible.length, results }
}

/** A page of the stored policy versions, newest first within a case type. */
export async function readPolicies(
  { db }: Reads,
  { limit, offset }: { limit: number; offset: number },
): Promise<{ count: number; results: PolicyView[] }> {
  const all = await listPolicies(db)
  return { count: all.length, results: all.slice(offset, offset + limit).map(policyView) }
}

/** One stored policy version. Throws `POLICY_NOT_FOUND`. */
export async function readPolicy({ db }: Reads, id: string): Promise<PolicyView> {
  const policy = await findPolicy(db, id)
  if (!policy) throw new Refusal('POLICY_NOT_FOUND')
  return policyView(policy)
}

type PolicyView = z.input<typeof policySchema>

const policyView = (policy: PolicyVersion): PolicyView => ({ ...policy, rules: { ...policy.rules } })
