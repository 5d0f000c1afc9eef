import type { z } from 'zod'
import type { ActDeps } from '../../acts/deps'
import {
  countOutcomes,
  PHASES,
  readAnalytics,
  type AnalyticsGroup,
  type AnalyticsRow,
  type Phase,
} from '../../db/analytics.repository'
import { findActivePolicy } from '../../db/policies.repository'
import type { CaseType } from '../../domain/case-type'
import { caseTypeOf } from '../../domain/case-types'
import type { Policy } from '../../domain/policy'
import { Refusal } from '../../domain/refusals'
import { showCounts, showShares, SMALLEST_SHOWN, type ShownCounts } from '../../domain/small-counts'
import { OUTCOMES, type Urgency } from '../../domain/statuses'
import type { analyticsQuery, analyticsSchema } from './analytics.schemas'

type Query = z.output<typeof analyticsQuery>
type Analytics = z.input<typeof analyticsSchema>
type Figures = Analytics['total']
type Known = { readonly key: string | null; readonly name: string }

/**
 * The figures of a range, group by group. Every group of the case type is in it, so that none is told by being absent, and only one case
 * type at a time, so that none is told by the difference. Throws `VALIDATION_FAILED` for a range that is none or too long.
 */
export async function readAnalyticsFor({ db }: Pick<ActDeps, 'db'>, query: Query, now: Date): Promise<Analytics> {
  const days = daysOf(query, now)
  const [from = '', to = ''] = [days[0], days.at(-1)]
  const { group, case_type } = query
  const caseType = caseTypeOf(case_type)
  const known = knownGroups(group, caseType, days)
  const keys = known.flatMap(({ key }) => key ?? [])
  const range = { caseType: case_type, from: startOf(from), until: new Date(startOf(to).getTime() + MS_PER_DAY) }
  const [rows, outcomes, policy] = await Promise.all([
    readAnalytics(db, { ...range, group, keys }),
    countOutcomes(db, range),
    findActivePolicy(db, case_type),
  ])
  const kinds = [...OUTCOMES, 'none'] as const
  const shownOutcomes = showCounts(kinds.map(kind => outcomes[kind] ?? 0))
  const figures = figuresOf(known, rows, shownOutcomes)
  return {
    ...{ from, to, group, case_type },
    targets: targetsOf(policy?.rules ?? caseType.policy),
    total: figures.total,
    outcomes: kinds.map((kind, index) => ({
      outcome: kind === 'none' ? null : kind,
      ...countOf(shownOutcomes.parts[index] ?? null),
    })),
    groups: known.map((each, index) => ({ ...each, ...(figures.groups[index] ?? SUPPRESSED) })),
  }
}

const MS_PER_DAY = 24 * 3_600_000
const DAYS_WITHOUT_FROM = 30
const DAYS_AT_MOST = 366

const startOf = (day: string): Date => new Date(`${day}T00:00:00Z`)
const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10)

function daysOf({ from, to }: Query, now: Date): string[] {
  const last = startOf(to ?? dayOf(now.getTime())).getTime()
  const first = from === undefined ? last - (DAYS_WITHOUT_FROM - 1) * MS_PER_DAY : startOf(from).getTime()
  const count = (last - first) / MS_PER_DAY + 1
  if (count < 1 || count > DAYS_AT_MOST) {
    const message = `Must be at most ${DAYS_AT_MOST} days, the first before the last`
    throw new Refusal('VALIDATION_FAILED', { errors: [{ path: 'query.from', code: 'range', message }] })
  }
  return Array.from({ length: count }, (_, index) => dayOf(first + index * MS_PER_DAY))
}

function knownGroups(group: AnalyticsGroup, caseType: CaseType, days: readonly string[]): Known[] {
  switch (group) {
    case 'day':
      return days.map(day => ({ key: day, name: day }))
    case 'incident_type':
      return [...caseType.incidentTypes.map(type => ({ key: type, name: type })), { key: null, name: 'Not stated' }]
    case 'area':
      return [...caseType.areas.map(({ code, name }) => ({ key: code, name })), { key: null, name: 'Not known' }]
    case 'provider_type':
      return [...caseType.providerTypes.map(({ code, name }) => ({ key: code, name })), { key: null, name: 'Nobody' }]
  }
}

/** What this product promises for urgent reports: an offer within 2 minutes, a responder within 15. */
const PROMISED = { report_to_offer: 120, report_to_accept: 900 } as const

/** The promises, and the windows after which the policy itself calls for a person. */
function targetsOf({ offer, review, start }: Policy): Analytics['targets'] {
  const both = { accept_to_start: start.escalate_seconds, start_to_complete: null }
  return {
    urgent: { ...PROMISED, offer_to_accept: offer.window_seconds, ...both },
    routine: { report_to_offer: null, offer_to_accept: null, report_to_accept: review.window_seconds, ...both },
  }
}

function figuresOf(
  known: readonly Known[],
  rows: readonly AnalyticsRow[],
  outcomes: ShownCounts,
): { total: Figures; groups: Figures[] } {
  const of = (key: string | null, urgency: Urgency | null) =>
    rows.find(row => !row.of_all && row.key === key && row.of_both === (urgency === null) && row.urgency === urgency)
  const ofAll = (urgency: Urgency | null) =>
    rows.find(row => row.of_all && row.of_both === (urgency === null) && row.urgency === urgency)
  const sizes = known.map(({ key }) => of(key, null)?.count ?? 0)
  const counts = showCounts(sizes)
  const shares = known.map(({ key }, index) => ({
    some: of(key, null)?.escalated ?? 0,
    of: sizes[index] ?? 0,
    secret: counts.parts[index] === null,
  }))
  const all = ofAll(null)?.count ?? 0
  // Outcomes and groups are parts of the same total: what one of them must hide, the other must not show.
  const total = outcomes.total === null ? null : counts.total
  const escalated = showShares(shares, { of: all, secret: total === null })
  const shown = (count: number | null, some: number | null, row: (urgency: Urgency) => AnalyticsRow | undefined) =>
    count === null
      ? SUPPRESSED
      : { ...countOf(count), escalation: rateOf(some, count), phases: phasesOf(row('urgent'), row('routine')) }
  return {
    total: shown(total, escalated.total, ofAll),
    groups: known.map(({ key }, index) =>
      shown(counts.parts[index] ?? null, escalated.parts[index] ?? null, urgency => of(key, urgency)),
    ),
  }
}

const countOf = (count: number | null) => ({ count, suppressed: count === null })

const rateOf = (some: number | null, of: number): Figures['escalation'] =>
  some === null ? { rate: null, suppressed: true } : { rate: Math.round((some / of) * 1000) / 1000, suppressed: false }

const phasesOf = (urgent?: AnalyticsRow, routine?: AnalyticsRow): Figures['phases'] => ({
  urgent: timesOf(urgent),
  routine: timesOf(routine),
})

const timesOf = (row: AnalyticsRow | undefined): Figures['phases'][Urgency] =>
  Object.fromEntries(PHASES.map(phase => [phase, timeOf(row, phase)])) as Figures['phases'][Urgency]

function timeOf(row: AnalyticsRow | undefined, phase: Phase): Figures['phases'][Urgency][Phase] {
  const times = row?.[phase] ?? null
  if (!row || !times || row[`${phase}_measured`] < SMALLEST_SHOWN)
    return { p50_seconds: null, p90_seconds: null, suppressed: true }
  const [p50, p90] = times.map(time => Math.round(time * 10) / 10)
  return { p50_seconds: p50 ?? null, p90_seconds: p90 ?? null, suppressed: false }
}

const SUPPRESSED: Figures = {
  count: null,
  suppressed: true,
  escalation: { rate: null, suppressed: true },
  phases: phasesOf(),
}
