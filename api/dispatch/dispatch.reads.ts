import type { z } from 'zod'
import type { ActDeps } from '../../acts/deps'
import { placeOf } from '../../acts/incident-place'
import {
  countEnded,
  listEscalations,
  readBoardFigures,
  readUnverified,
  type BoardFilter,
  type WordCount,
} from '../../db/dispatch.repository'
import { listUnattended, readPulse } from '../../db/health.repository'
import { findIncidentSeen } from '../../db/incident-views.repository'
import { findPolicy, listPolicies } from '../../db/policies.repository'
import { findInDirectory } from '../../db/provider-profiles.repository'
import { readCandidates } from '../../db/providers.repository'
import { CASE_TYPE_CODES, caseTypeOf } from '../../domain/case-types'
import type { PolicyVersion } from '../../domain/policy'
import { rank, whyNot } from '../../domain/ranking'
import { Refusal } from '../../domain/refusals'
import { STATUSES, UNASSIGNED, URGENCIES } from '../../domain/statuses'
import { pageOf, windowOf, type PageQuery } from '../lists'
import { readIncidents } from '../incidents/incidents.reads'
import { readNames } from '../providers/provider-names'
import { readProviders, readProvidersById } from '../providers/providers.reads'
import type { providerSchema } from '../providers/providers.schemas'
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
  const window = { ...windowOf(page), column: 'created_at', order: 'asc', urgent_first: true } as const
  const [{ open, providers, ...today }, ended, queue, escalations, unattended] = await Promise.all([
    readBoardFigures(deps.db, filter),
    countEnded(deps.db, { ...filter, case_types: CASE_TYPE_CODES }),
    readIncidents(deps, reader, { ...filter, needs_person: true }, window),
    listEscalations(deps.db, filter),
    listUnattended(deps.db, 1),
  ])
  const words = [...open, ...ended]
  return {
    statistics: {
      total: sumOf(words),
      open: sumOf(open),
      by_status: countBy(STATUSES, words, 'status'),
      by_urgency: countBy(URGENCIES, words, 'urgency'),
      is_estimate: ended.some(each => each.is_estimate),
      unassigned_urgent: sumOf(open.filter(each => each.urgency === 'urgent' && UNASSIGNED.includes(each.status))),
      providers,
      ...today,
    },
    queue: pageOf(queue, page, request),
    escalations: escalations.map(({ since, ...row }) => ({ ...row, since: since.toISOString() })),
    unattended: { count: unattended.count },
  }
}

const sumOf = (words: readonly WordCount[]): number => words.reduce((sum, { count }) => sum + count, 0)

const countBy = <Part extends 'status' | 'urgency'>(
  all: readonly WordCount[Part][],
  words: readonly WordCount[],
  part: Part,
): Record<WordCount[Part], number> =>
  Object.fromEntries(all.map(word => [word, sumOf(words.filter(each => each[part] === word))])) as Record<
    WordCount[Part],
    number
  >

type Recommendation = z.input<typeof recommendationSchema>

/**
 * Everybody who could be asked, the best first, then those who cannot with every reason why not; by the same rules as the engine's
 * choice, on the state of this moment. Throws `INCIDENT_NOT_FOUND`.
 */
export async function readRecommendations(deps: Reads, reader: SignedIn, wanted: Wanted): Promise<Recommendation[]> {
  const { candidates, place, types, at } = await readChoice(deps, reader, wanted)
  const ranked = new Map(rank(candidates, types, place, at).map(each => [each.candidate.provider_id, each]))
  const ids = candidates.map(each => each.provider_id)
  const names = await readNames(deps, await findInDirectory(deps.db, ids))
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

/** An incident, and the service that somebody is wanted of: the one that the engine looks for, or another of its case type. */
interface Wanted {
  readonly incident: string
  readonly provider_type?: string | undefined
}

/** Verified providers in a list of recommendations, those with their reasons why not included. */
const RECOMMENDED_AT_MOST = 200

/** The look at an incident's candidates is logged like every other look at it (S5). */
async function readChoice(deps: Reads, reader: SignedIn, { incident: incidentId, provider_type }: Wanted) {
  const reading = { incidentId, reader, what: 'incident.candidates', flush: 'before_answer' } as const
  const row = await findIncidentSeen(deps.db, reading)
  if (!row || row.deleted_at !== null) throw new Refusal('INCIDENT_NOT_FOUND')
  const { offer } = await deps.policies.rulesOf(deps.db, row.policy_id)
  const known = caseTypeOf(row.case_type).providerTypes.map(type => type.code)
  const types = provider_type === undefined ? offer.provider_types : known.filter(code => code === provider_type)
  const choice = { incidentId, round: row.round, providerTypes: types }
  const [{ at }, place] = await Promise.all([readPulse(deps.db), placeOf(deps, deps.db, row)])
  const [verified, unverified] = await Promise.all([
    readCandidates(deps.db, { ...choice, place, at, atMost: RECOMMENDED_AT_MOST }),
    readUnverified(deps.db, choice),
  ])
  return { candidates: [...verified, ...unverified], types, at, place }
}

/** A page of the providers who have a free slot now: all of them, or those whom this incident could be offered to, best first. */
export async function readAvailable(
  deps: Reads,
  reader: SignedIn,
  { incident, provider_type }: { incident?: string | undefined; provider_type?: string | undefined },
  window: { limit: number; offset: number },
): Promise<{ count: number; results: z.input<typeof providerSchema>[] }> {
  if (incident === undefined) return readProviders(deps, { provider_type, free: true }, window)
  const { candidates, place, types, at } = await readChoice(deps, reader, { incident, provider_type })
  const eligible = rank(candidates, types, place, at).map(each => each.candidate.provider_id)
  const ids = eligible.slice(window.offset, window.offset + window.limit)
  return { count: eligible.length, results: await readProvidersById(deps, ids) }
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
