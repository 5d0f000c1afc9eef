import { createHash, randomBytes } from 'node:crypto'
import type { Transaction } from '../db/database'
import { insertExclusions } from '../db/exclusions.repository'
import type { IncidentRow } from '../db/incident-rows'
import { findByClientId, readUnderLock } from '../db/incidents.repository'
import { lockProviders, readCandidates } from '../db/providers.repository'
import { readBeforeReport, type BeforeReport } from '../db/report.repository'
import { inTransaction } from '../db/unit-of-work'
import { sealColumns } from '../db/vault'
import type { CaseType } from '../domain/case-type'
import { caseTypeOf } from '../domain/case-types'
import { CHAIN_START } from '../domain/events'
import { INCIDENT_CODE_LENGTH, incidentCode } from '../domain/incident-code'
import type { SubjectConsent } from '../domain/incident-access'
import type { IncidentState } from '../domain/incident-state'
import { areaOf, positionOf, type Place } from '../domain/places'
import type { PolicyVersion } from '../domain/policy'
import type { Snapshot } from '../domain/snapshot'
import type { Urgency, UrgencyWord } from '../domain/statuses'
import { newId } from '../platform/ids'
import { carryOn } from './carry-on'
import { afterCommit, CANDIDATES_AT_MOST, likelyChosen, timeOfAct, write } from './change-incident'
import { personOf, type ActDeps, type By } from './deps'
import { activePolicyOf } from './ensure-policies'
import { IncidentChange } from './incident-change'
import { writeSubject, type Subject } from './incident-subject'
import { beginAnew } from './steps/start-search'

/** A report. Nothing but case type and urgency is needed; texts, place and details are sealed before they are stored. */
export interface Report {
  readonly case_type: string
  readonly urgency: Urgency
  /** The reporter's own word for it, kept beside. */
  readonly urgency_word?: UrgencyWord | undefined
  readonly title?: string | undefined
  readonly description?: string | undefined
  readonly incident_type?: string | undefined
  readonly occurred_at?: Date | undefined
  readonly occurred_precision?: string | undefined
  readonly place?: Place | undefined
  readonly details?: Readonly<Record<string, unknown>> | undefined
  readonly contact_safety?: Readonly<Record<string, unknown>> | undefined
  /** Somebody else's case, told by the reporter; a provider's or a dispatcher's report always is. */
  readonly on_behalf?: boolean | undefined
  /** Whom a report on behalf is about; to say so makes it one. Sealed apart, and for nobody until they agreed (S7). */
  readonly subject?: Subject | undefined
  readonly subject_consent?: SubjectConsent | undefined
  /** Providers whom the reporter bars from this incident. */
  readonly excluded_providers?: readonly string[] | undefined
  /** The reporter's own id for this report: repeated, it answers the first. */
  readonly client_id?: string | undefined
}

/**
 * Takes a report in: row, events, notices and, where the urgency calls for a search, the first offer, in one transaction. It is
 * never refused for want of a responder: with nobody to ask, dispatch is called in the same transaction (I9). A `client_id` that
 * this reporter has used before answers the incident it made, with `created` false.
 */
export async function reportIncident(
  deps: ActDeps,
  { client_id, ...given }: Report,
  by: By,
): Promise<{ incidentId: string; created: boolean; snapshot: Snapshot | null }> {
  const report: Report = client_id === undefined ? given : { ...given, client_id: digestOf(client_id) }
  const reporterId = personOf(by)
  if (reporterId === null) throw new Error('the engine reports nothing')
  const known = report.client_id && (await findByClientId(deps.db, reporterId, report.client_id))
  if (known) return { incidentId: known.id, created: false, snapshot: null }
  try {
    const { snapshot, change } = await inTransaction(deps.db, (trx, run) => takeIn(deps, trx, report, by, run))
    afterCommit(deps, snapshot, change)
    return { incidentId: snapshot.id, created: true, snapshot }
  } catch (error) {
    // Two devices sent the same report at once: the other one's is the first.
    const first = report.client_id && (await findByClientId(deps.db, reporterId, report.client_id))
    if (first) return { incidentId: first.id, created: false, snapshot: null }
    throw error
  }
}

/** What is kept of a `client_id`: that two are the same. Somebody may have written words there. */
const digestOf = (clientId: string): string => createHash('sha256').update(clientId).digest('base64url')

async function takeIn(
  deps: ActDeps,
  trx: Transaction,
  report: Report,
  by: By,
  run: number,
): Promise<{ snapshot: Snapshot; change: IncidentChange }> {
  const caseType = caseTypeOf(report.case_type)
  const before = await readBeforeReport(trx, caseType.code)
  const policy = await policyOf(deps, trx, caseType.code, before)
  const id = newId()
  const change = await newChange(deps, trx, { id, report, by, run, caseType, policy, before })
  change.signal = 'reported'
  change.append('incident.reported', { urgency: report.urgency, policy_version: policy.version }, 'reported')
  await beginAnew(change)
  await carryOn(change)
  const snapshot = await write(deps, trx, change)
  if (report.excluded_providers?.length) await insertExclusions(trx, id, report.excluded_providers, 'reporter')
  const { created } = change.grounds
  if (created && namesSubject(report))
    await writeSubject(trx, id, deps.vault.keyOf(id, created.wrappedKey), {
      consent: report.subject_consent ?? 'not_asked',
      subject: report.subject ?? null,
    })
  return { snapshot, change }
}

const namesSubject = ({ subject, subject_consent }: Report): boolean =>
  subject !== undefined || subject_consent !== undefined

async function policyOf(
  { policies }: ActDeps,
  trx: Transaction,
  caseType: string,
  { policy_id: id, policy_version: version }: BeforeReport,
): Promise<StampedPolicy> {
  if (id === null || version === null) return activePolicyOf(trx, caseType)
  return { id, version, rules: await policies.rulesOf(trx, id) }
}

type StampedPolicy = Pick<PolicyVersion, 'id' | 'version' | 'rules'>

interface NewIncident {
  readonly id: string
  readonly report: Report
  readonly by: By
  readonly run: number
  readonly caseType: CaseType
  readonly policy: StampedPolicy
  readonly before: BeforeReport
}

async function newChange(deps: ActDeps, trx: Transaction, incoming: NewIncident): Promise<IncidentChange> {
  const { id, report, by, run, caseType, policy, before } = incoming
  const place = positionOf(report.place)
  const excluded = new Set(report.excluded_providers)
  const searches = caseType.begins[report.urgency] === 'search'
  const providerTypes = policy.rules.offer.provider_types
  const guess = by.at ?? Date.now()
  const query = {
    incidentId: id,
    round: 1,
    providerTypes,
    place,
    at: guess,
    atMost: CANDIDATES_AT_MOST + excluded.size,
  }
  const candidates = searches
    ? (await readCandidates(trx, query)).map(candidate => ({
        ...candidate,
        excluded: excluded.has(candidate.provider_id),
      }))
    : []
  const likely = likelyChosen(candidates, policy.rules, { place, run, at: guess })
  // Where a lock may have been waited for, the clock is read again after it.
  const [providers, clock] = likely
    ? await Promise.all([lockProviders(trx, id, likely), readUnderLock(trx, id, null)])
    : [[], before]
  const at = timeOfAct(deps, clock.at, by, null)
  const { row, wrapped } = newRow(deps, incoming, at)
  return new IncidentChange({
    trx,
    at,
    by,
    row,
    state: newState(incoming, at),
    offers: [],
    providers,
    candidates,
    place,
    run,
    onDuty: before.on_duty,
    created: { row, wrappedKey: wrapped },
    caseType,
    policy: policy.rules,
    configuredChannels: deps.configuredChannels,
  })
}

function newRow(
  deps: ActDeps,
  { id, report, by, caseType, policy }: NewIncident,
  at: number,
): { row: IncidentRow; wrapped: string } {
  const { key, wrapped } = deps.vault.newKey(id)
  const { title, description, place, details, contact_safety } = report
  const sealed = sealColumns(key, 'incidents', id, { title, description, place, details, contact_safety })
  const when = new Date(at)
  const row = {
    id,
    code: incidentCode(caseType.codePrefix, randomBytes(INCIDENT_CODE_LENGTH)),
    case_type: caseType.code,
    case_type_version: caseType.version,
    version: 1,
    policy_id: policy.id,
    reporter_id: personOf(by),
    client_id: report.client_id ?? null,
    on_behalf:
      report.on_behalf === true || namesSubject(report) || (by.actor.kind === 'person' && by.actor.role !== 'survivor'),
    incident_type: report.incident_type ?? null,
    urgency_word: report.urgency_word ?? null,
    region: areaOf(positionOf(place), caseType.areas)?.code ?? null,
    occurred_at: report.occurred_at ?? null,
    occurred_precision: report.occurred_precision ?? null,
    ...sealed,
    reported_at: when,
    created_at: when,
    last_event_at: when,
    last_seq: 0,
    last_hash: CHAIN_START,
  }
  return { row: row as unknown as IncidentRow, wrapped }
}

const newState = ({ id, report, by, policy }: NewIncident, at: number): IncidentState => ({
  id,
  case_type: report.case_type,
  policy_id: policy.id,
  urgency: report.urgency,
  status: 'reported',
  rev: 0,
  round: 0,
  reporter_id: personOf(by),
  assignee_id: null,
  owner_id: null,
  owner_active_at: null,
  held: false,
  reported_at: at,
  review_from: null,
  search: null,
  escalation: null,
  open_offers: [],
  assigned_at: null,
  nudged_at: null,
  completed_at: null,
  ended_at: null,
  outcome: null,
})
