import type { z } from 'zod'
import type { ActDeps } from '../../acts/deps'
import type { EditedOn, EditOutcome, IncidentEdit } from '../../acts/edit-incident'
import type { Report } from '../../acts/report-incident'
import { listExclusions } from '../../db/exclusions.repository'
import { isSame, type FieldValues } from '../../domain/merge-edits'
import { Refusal } from '../../domain/refusals'
import type { SignedIn } from '../route'
import { readAfterAct, type IncidentView } from './incidents.reads'
import type { editBody, editedFieldsBody, editedSchema, reportBody } from './incidents.schemas'

type Reads = Pick<ActDeps, 'db' | 'vault'>
type EditBody = z.output<typeof editBody>
type EditedView = z.input<typeof editedSchema>
type Conflicts = NonNullable<EditedView['merge']>['conflicts']

/** What a reporter says beside the story, split as it is kept: who is barred is known to the engine, the rest is sealed. */
export function safetyOf(
  given: z.output<typeof reportBody>['contact_safety'],
): Pick<Report, 'contact_safety' | 'excluded_providers'> {
  if (!given) return {}
  const { excluded_providers, ...contact_safety } = given
  return { contact_safety, excluded_providers }
}

/** The fields of a request in the words of the record. */
export function editOf({ location, contact_safety, ...rest }: z.output<typeof editedFieldsBody>): IncidentEdit {
  return {
    ...rest,
    place: location,
    ...(contact_safety === null ? { contact_safety: null, excluded_providers: [] } : safetyOf(contact_safety)),
  }
}

/** Takes a request's edit apart: what is edited, and on which version. Throws `VERSION_REQUIRED`, and 400 for two versions at once. */
export function readEdit(body: EditBody, ifMatch: number | undefined): { edit: IncidentEdit; on: EditedOn } {
  const { version, base_version: baseVersion, base, ...fields } = body
  const edit = editOf(fields)
  if (baseVersion !== undefined) {
    if (ifMatch === undefined) return { edit, on: { baseVersion, base: editOf(base ?? {}) } }
    const message = 'Say either If-Match or the version to merge with'
    throw new Refusal('VALIDATION_FAILED', { errors: [{ path: 'body.base_version', code: 'not_together', message }] })
  }
  const seen = ifMatch ?? version
  if (seen === undefined)
    throw new Refusal('VERSION_REQUIRED', { detail: 'Say by If-Match or `version` which version you edit' })
  return { edit, on: { version: seen } }
}

/** The incident after an edit, logged; after a merged one with what became of each field. */
export async function readEdited(
  deps: Reads,
  reader: SignedIn,
  incidentId: string,
  { body, outcome }: { readonly body: EditBody; readonly outcome: EditOutcome },
): Promise<EditedView> {
  const view = await readAfterAct(deps, reader, incidentId)
  if (body.base_version === undefined) return view
  const values = await valuesOf(deps, view, outcome.conflicts)
  return {
    ...view,
    merge: { merged: outcome.merged.map(nameOf), conflicts: conflictsOf(outcome.conflicts, body, values) },
  }
}

/**
 * The incident after an edit whose answer was lost. What became of its fields is told from what they are now: one that is not as it was
 * wanted counts as a conflict, so that no edit is taken for done that is not.
 */
export async function readEditedAgain(
  deps: Reads,
  reader: SignedIn,
  incidentId: string,
  body: EditBody,
): Promise<EditedView> {
  const view = await readAfterAct(deps, reader, incidentId)
  if (body.base_version === undefined) return view
  const { yours, base } = sidesOf(body)
  const fields = Object.keys(yours)
  const current = await valuesOf(deps, view, fields)
  const merged = fields.filter(field => isSame(yours[field], current[field]))
  const undone = fields.filter(field => !merged.includes(field) && !isSame(yours[field], base[field]))
  return { ...view, merge: { merged: merged.map(nameOf), conflicts: conflictsOf(undone, body, current) } }
}

/** The refusal of an edit with both versions in full, for somebody who may read them; whatever else was thrown as it is. Logged. */
export async function explainConflict(
  deps: Reads,
  reader: SignedIn,
  incidentId: string,
  { body, error }: { readonly body: EditBody; readonly error: unknown },
): Promise<unknown> {
  if (!(error instanceof Refusal) || error.code !== 'VERSION_CONFLICT') return error
  const view = await readAfterAct(deps, reader, incidentId)
  const { yours } = sidesOf(body)
  const values = await valuesOf(deps, view, Object.keys(yours))
  const { yours: version, conflicts = [] } = error.more.extra as { yours: number; conflicts?: string[] }
  const extra = {
    current: { version: view.version, ...named(values) },
    yours: { version, ...named(yours) },
    ...(body.base_version !== undefined && { conflicts: conflictsOf(conflicts, body, values) }),
  }
  return new Refusal('VERSION_CONFLICT', { extra })
}

function sidesOf({ version: _version, base_version: _older, base, ...fields }: EditBody) {
  // Null is a value here: it clears a field.
  const defined = (edit: IncidentEdit): FieldValues =>
    Object.fromEntries(Object.entries(edit).filter(([, value]) => value !== undefined))
  return { yours: defined(editOf(fields)), base: defined(editOf(base ?? {})) }
}

function conflictsOf(fields: readonly string[], body: EditBody, current: FieldValues): Conflicts {
  const { yours, base } = sidesOf(body)
  return fields.map(field => ({
    field: nameOf(field),
    base: base[field] ?? null,
    yours: yours[field] ?? null,
    current: current[field] ?? null,
  }))
}

/** What can be edited, as it is now and as it could be sent back; who is barred only where it is asked for. */
async function valuesOf({ db }: Reads, view: IncidentView, asked: readonly string[]): Promise<FieldValues> {
  const { location, subject } = view
  const at = location?.lat == null || location.lng == null ? {} : { lat: location.lat, lng: location.lng }
  const place = { ...at, ...(location?.text != null && { text: location.text }) }
  const barred = asked.includes('excluded_providers') ? await listExclusions(db, view.id) : null
  return {
    title: view.title,
    description: view.description,
    incident_type: view.incident_type,
    occurred_at: view.occurred_at,
    occurred_precision: view.occurred_precision,
    place: Object.keys(place).length > 0 ? place : null,
    details: view.details,
    contact_safety: view.contact_safety,
    ...(view.on_behalf && { subject: subject && said(subject), subject_consent: view.subject_consent }),
    ...(barred && { excluded_providers: barred.map(row => row.id).sort() }),
  }
}

const said = (values: FieldValues): FieldValues =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null && value !== undefined))

/** How the API calls a field of the record. */
const nameOf = (field: string): string => API_NAMES[field] ?? field
const API_NAMES: Readonly<Record<string, string>> = {
  place: 'location',
  excluded_providers: 'contact_safety.excluded_providers',
}

const named = (values: FieldValues): FieldValues =>
  Object.fromEntries(Object.entries(values).map(([field, value]) => [nameOf(field), value]))
