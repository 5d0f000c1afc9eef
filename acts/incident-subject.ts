import type { Transaction } from '../db/database'
import { saveSubject } from '../db/incident-subjects.repository'
import { sealColumns } from '../db/vault'
import type { SubjectConsent } from '../domain/incident-access'
import type { DataKey } from '../platform/envelope'

/** Whom a report on behalf is about, in the words of whoever told it. */
export interface Subject {
  readonly name?: string | undefined
  readonly phone?: string | undefined
  readonly note?: string | undefined
}

/** Seals the subject with the incident's key, apart from the incident's row (S7). */
export async function writeSubject(
  trx: Transaction,
  incidentId: string,
  key: DataKey,
  { consent, subject }: { readonly consent: SubjectConsent; readonly subject: Subject | null },
): Promise<void> {
  const sealed = sealColumns(key, 'incident_subjects', incidentId, { subject })
  await saveSubject(trx, incidentId, { consent, subject: sealed['subject'] ?? null })
}
