import type { SubjectConsent } from '../domain/incident-access'
import type { Transaction } from './database'

/** Whom a report on behalf is about; `subject` is sealed with the incident's key. */
export interface SubjectRow {
  readonly consent: SubjectConsent
  readonly subject: string | null
}

/** The subject of a report on behalf; undefined while nothing was said of them. */
export async function findSubject(trx: Transaction, incidentId: string): Promise<SubjectRow | undefined> {
  return trx('incident_subjects').where({ incident_id: incidentId }).first<SubjectRow | undefined>('consent', 'subject')
}

/** Keeps what is known of the subject, in place of what was. */
export async function saveSubject(trx: Transaction, incidentId: string, subject: SubjectRow): Promise<void> {
  await trx('incident_subjects')
    .insert({ incident_id: incidentId, ...subject })
    .onConflict('incident_id')
    .merge()
}
