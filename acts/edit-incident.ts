import { findExclusions } from '../db/exclusions.repository'
import { findFieldsEditedSince } from '../db/incident-edits.repository'
import { findSubject } from '../db/incident-subjects.repository'
import { findWrappedKey } from '../db/incidents.repository'
import { openJson, openText, sealColumns } from '../db/vault'
import { mergeEdits, type FieldValues, type MergedEdits } from '../domain/merge-edits'
import { areaOf, positionOf } from '../domain/places'
import { Refusal } from '../domain/refusals'
import type { DataKey } from '../platform/envelope'
import { changeIncident } from './change-incident'
import { personOf, type ActDeps, type By } from './deps'
import { replaceExclusions } from './edit-exclusions'
import type { IncidentChange } from './incident-change'
import { writeSubject, type Subject } from './incident-subject'
import type { Report } from './report-incident'
import { mayAct, standingsIn } from './standing'

type Editable =
  | 'title'
  | 'description'
  | 'incident_type'
  | 'occurred_at'
  | 'occurred_precision'
  | 'place'
  | 'details'
  | 'contact_safety'
  | 'subject'

/** What is edited: null clears, absent leaves. `excluded_providers` replaces the list of those who are barred. */
export type IncidentEdit = { readonly [Field in Editable]?: Report[Field] | null } & Pick<
  Report,
  'excluded_providers' | 'subject_consent'
>

/**
 * What an edit was made on: the present `version`, or an older one that the edit is to be merged with, and what its fields were then,
 * as far as the editor still knows.
 */
export type EditedOn = { readonly version: number } | { readonly baseVersion: number; readonly base: IncidentEdit }

/** Which fields are as the editor wants them now, and which somebody else has changed too. */
export type EditOutcome = Pick<MergedEdits, 'merged' | 'conflicts'>

/**
 * Edits what an incident says. On another version than the present one nothing is written (`VERSION_CONFLICT` with both versions),
 * unless the edit is to be merged: then every field is written that nobody else has changed to something else since, and it is refused
 * only if none is left. An open offer to somebody who is barred by it is withdrawn, and the next is asked.
 */
export async function editIncident(
  deps: ActDeps,
  { incidentId, edit, on }: { incidentId: string; edit: IncidentEdit; on: EditedOn },
  by: By,
): Promise<EditOutcome> {
  const yours = said(edit)
  let outcome: EditOutcome = { merged: [], conflicts: [] }
  const mayOffer = edit.excluded_providers !== undefined
  await changeIncident(deps, { incidentId, mayOffer }, by, async change => {
    await mayAct(change, 'edit')
    requireTheirs(change, Object.keys(yours))
    requireKnownType(change, edit.incident_type)
    requireSubjectOfOthers(change, Object.keys(yours))
    const fields = new FieldsUnderLock(deps, change)
    const { toWrite, ...judged } = await judgeEdit(fields, yours, on)
    outcome = judged
    if (Object.keys(toWrite).length > 0) await fields.write(toWrite)
  })
  return outcome
}

/** The fields that an edit speaks of, in the form in which two values of them can be compared. */
function said({ excluded_providers: excluded, ...fields }: IncidentEdit): FieldValues {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined)
  return { ...Object.fromEntries(given), ...(excluded && { excluded_providers: [...new Set(excluded)].sort() }) }
}

async function judgeEdit(
  fields: FieldsUnderLock,
  yours: FieldValues,
  on: EditedOn,
): Promise<EditOutcome & { toWrite: FieldValues }> {
  const { id, version } = fields.change.grounds.row
  const seen = 'version' in on ? on.version : on.baseVersion
  const conflict = (more = {}): Refusal =>
    new Refusal('VERSION_CONFLICT', { extra: { current: version, yours: seen, ...more } })
  if ('version' in on) {
    if (seen !== version) throw conflict()
    return { merged: Object.keys(yours), conflicts: [], toWrite: yours }
  }
  if (seen > version) throw conflict()
  const changedSince = await findFieldsEditedSince(fields.change.grounds.trx, id, seen)
  const current = await fields.read(Object.keys(yours))
  const { merged, toWrite, conflicts } = mergeEdits({ yours, base: said(on.base), current, changedSince })
  const written = { ...pick(yours, toWrite), ...barredByEither(yours, current, conflicts) }
  if (merged.length === 0 && conflicts.length > 0 && Object.keys(written).length === 0) throw conflict({ conflicts })
  return { merged, conflicts, toWrite: written }
}

const pick = (values: FieldValues, fields: readonly string[]): FieldValues =>
  Object.fromEntries(fields.map(field => [field, values[field]]))

/** Until a person has decided between two lists of barred providers, whoever is on either of them is barred. */
function barredByEither(yours: FieldValues, current: FieldValues, conflicts: readonly string[]): FieldValues {
  if (!conflicts.includes('excluded_providers')) return {}
  const before = current['excluded_providers'] as string[]
  const both = new Set([...before, ...(yours['excluded_providers'] as string[])])
  return both.size === before.length ? {} : { excluded_providers: [...both].sort() }
}

/** How the reporter may be reached, who is barred and whom it is about is not the responder's to say. */
function requireTheirs(change: IncidentChange, names: readonly string[]): void {
  const onlyAssignee = standingsIn(change).every(standing => standing === 'assignee')
  const theirs = ['contact_safety', 'excluded_providers', 'subject', 'subject_consent']
  if (onlyAssignee && names.some(name => theirs.includes(name)))
    throw new Refusal('FORBIDDEN', { detail: 'Contact safety and the subject are for the reporter to say' })
}

function requireKnownType(change: IncidentChange, type: string | null | undefined): void {
  if (type == null || change.caseType.incidentTypes.includes(type)) return
  const message = `Must be one of ${change.caseType.incidentTypes.join(', ')}`
  throw new Refusal('VALIDATION_FAILED', { errors: [{ path: 'body.incident_type', code: 'invalid_value', message }] })
}

function requireSubjectOfOthers(change: IncidentChange, names: readonly string[]): void {
  if (!change.grounds.row.on_behalf && (names.includes('subject') || names.includes('subject_consent')))
    throw new Refusal('RULE_BROKEN', { detail: 'Only a report on behalf of somebody has a subject' })
}

/** The fields that an edit may speak of, of one incident under its lock. */
class FieldsUnderLock {
  #key: DataKey | undefined

  constructor(
    private readonly deps: ActDeps,
    readonly change: IncidentChange,
  ) {}

  /** What these fields are now. */
  async read(names: readonly string[]): Promise<FieldValues> {
    const values: Record<string, unknown> = {}
    for (const name of names) values[name] = await this.#valueOf(name)
    return values
  }

  async #valueOf(name: string): Promise<unknown> {
    const { row, trx } = this.change.grounds
    switch (name) {
      case 'title':
      case 'description':
        return openText(await this.#incidentKey(), 'incidents', row.id, name, row[name])
      case 'place':
      case 'details':
      case 'contact_safety':
        return openJson(await this.#incidentKey(), 'incidents', row.id, name, row[name])
      case 'subject': {
        const sealed = (await findSubject(trx, row.id))?.subject ?? null
        return openJson(await this.#incidentKey(), 'incident_subjects', row.id, 'subject', sealed)
      }
      case 'subject_consent':
        return (await findSubject(trx, row.id))?.consent ?? 'not_asked'
      case 'excluded_providers':
        return (await findExclusions(trx, row.id)).map(each => each.provider_id)
      default:
        return row[name as 'incident_type' | 'occurred_at' | 'occurred_precision']
    }
  }

  /** Writes these fields as the next version, with its event, and tells those who should know. */
  async write(values: FieldValues): Promise<void> {
    const { change } = this
    const { excluded_providers: excluded, subject, subject_consent, ...columns } = values as IncidentEdit
    const version = change.grounds.row.version + 1
    change.patchColumns({ version })
    await this.#writeColumns(columns)
    if (subject !== undefined || subject_consent !== undefined) await this.#writeSubject(values)
    change.append('incident.edited', { version, fields: Object.keys(values).join(',') })
    if (excluded) await replaceExclusions(change, excluded)
    // Who is barred is nobody's news: the barred one may be the responder.
    if (Object.keys(values).every(name => name === 'excluded_providers')) return
    const { assignee_id, reporter_id } = change.state
    const others = [assignee_id, reporter_id].filter(id => id !== null && id !== personOf(change.grounds.by))
    change.notify('incident.updated', others as string[])
  }

  async #writeColumns(edit: Omit<IncidentEdit, 'excluded_providers' | 'subject' | 'subject_consent'>): Promise<void> {
    const { incident_type, occurred_at, occurred_precision, ...words } = edit
    const { change } = this
    change.patchColumns({
      ...(incident_type === undefined ? {} : { incident_type }),
      ...(occurred_at === undefined ? {} : { occurred_at }),
      ...(occurred_precision === undefined ? {} : { occurred_precision }),
      ...sealColumns(await this.#incidentKey(), 'incidents', change.state.id, words),
      ...(words.place === undefined
        ? {}
        : { region: areaOf(positionOf(words.place), change.caseType.areas)?.code ?? null }),
    })
  }

  async #writeSubject(values: FieldValues): Promise<void> {
    const { id } = this.change.state
    const now = { ...(await this.read(['subject', 'subject_consent'])), ...values } as Required<IncidentEdit>
    await writeSubject(this.change.grounds.trx, id, await this.#incidentKey(), {
      consent: now.subject_consent ?? 'not_asked',
      subject: now.subject as Subject | null,
    })
  }

  async #incidentKey(): Promise<DataKey> {
    if (this.#key) return this.#key
    const { id } = this.change.state
    const wrapped = await findWrappedKey(this.change.grounds.trx, id)
    if (wrapped === null)
      throw new Refusal('RULE_BROKEN', { detail: 'The incident was erased: nothing can be written to it' })
    this.#key = this.deps.vault.keyOf(id, wrapped)
    return this.#key
  }
}
