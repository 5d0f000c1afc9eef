import { findWrappedKey, replaceExclusions } from '../db/incidents.repository'
import { sealColumns } from '../db/vault'
import { areaOf } from '../domain/places'
import { Refusal } from '../domain/refusals'
import type { Snapshot } from '../domain/snapshot'
import { changeIncident } from './change-incident'
import { personOf, type ActDeps, type By } from './deps'
import type { IncidentChange } from './incident-change'
import type { Report } from './report-incident'
import { mayAct, standingsIn } from './standing'
import { withdrawOfferOf } from './withdraw-offer'

type Editable =
  | 'title'
  | 'description'
  | 'incident_type'
  | 'occurred_at'
  | 'occurred_precision'
  | 'place'
  | 'details'
  | 'contact_safety'

/** What is edited: null clears, absent leaves. `excluded_providers` replaces the list of those who are barred. */
export type IncidentEdit = { readonly [Field in Editable]?: Report[Field] | null } & {
  readonly excluded_providers?: readonly string[] | undefined
}

/**
 * Edits what an incident says, on the version that the editor saw: on another one nothing is written (`VERSION_CONFLICT` with both
 * versions). An open offer to somebody who is barred by it is withdrawn, and the next is asked.
 */
export async function editIncident(
  deps: ActDeps,
  { incidentId, version, edit }: { incidentId: string; version: number; edit: IncidentEdit },
  by: By,
): Promise<Snapshot> {
  const { excluded_providers: excluded, ...fields } = edit
  const given = Object.entries(fields).filter(([, value]) => value !== undefined)
  return changeIncident(deps, { incidentId, mayOffer: excluded !== undefined }, by, async change => {
    await mayAct(change, 'edit')
    const { row } = change.grounds
    if (row.version !== version)
      throw new Refusal('VERSION_CONFLICT', { extra: { current: row.version, yours: version } })
    const names = [...given.map(([name]) => name), ...(excluded ? ['excluded_providers'] : [])]
    if (names.length === 0) return
    requireTheirs(change, names)
    requireKnownType(change, edit.incident_type)
    await writeWords(deps, change, Object.fromEntries(given))
    change.append('incident.edited', { version: version + 1, fields: names.join(',') })
    if (excluded) await bar(change, excluded)
    const others = [change.state.assignee_id, change.state.reporter_id].filter(id => id !== null && id !== personOf(by))
    change.notify('incident.updated', others as string[])
  })
}

/** How the reporter may be reached, and who is barred, is not the responder's to say. */
function requireTheirs(change: IncidentChange, names: readonly string[]): void {
  const onlyAssignee = standingsIn(change).every(standing => standing === 'assignee')
  if (onlyAssignee && names.some(name => name === 'contact_safety' || name === 'excluded_providers'))
    throw new Refusal('FORBIDDEN', { detail: 'Contact safety is for the reporter to say' })
}

function requireKnownType(change: IncidentChange, type: string | null | undefined): void {
  if (type == null || change.caseType.incidentTypes.includes(type)) return
  const message = `Must be one of ${change.caseType.incidentTypes.join(', ')}`
  throw new Refusal('VALIDATION_FAILED', { errors: [{ path: 'body.incident_type', code: 'invalid_value', message }] })
}

async function writeWords(
  deps: ActDeps,
  change: IncidentChange,
  edit: Omit<IncidentEdit, 'excluded_providers'>,
): Promise<void> {
  const { incident_type, occurred_at, occurred_precision, ...words } = edit
  const { id } = change.state
  const wrapped = await findWrappedKey(change.grounds.trx, id)
  if (wrapped === null)
    throw new Refusal('RULE_BROKEN', { detail: 'The incident was erased: nothing can be written to it' })
  change.patchColumns({
    version: change.grounds.row.version + 1,
    ...(incident_type === undefined ? {} : { incident_type }),
    ...(occurred_at === undefined ? {} : { occurred_at }),
    ...(occurred_precision === undefined ? {} : { occurred_precision }),
    ...sealColumns(deps.vault.keyOf(id, wrapped), 'incidents', id, words),
    ...(words.place === undefined ? {} : { region: areaOf(words.place, change.caseType.areas)?.code ?? null }),
  })
}

async function bar(change: IncidentChange, excluded: readonly string[]): Promise<void> {
  await replaceExclusions(change.grounds.trx, change.state.id, excluded)
  for (const providerId of excluded) {
    change.excludeNow(providerId)
    withdrawOfferOf(change, providerId, 'excluded_by_reporter')
  }
}
