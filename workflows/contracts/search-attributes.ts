import { defineSearchAttributeKey, type SearchAttributePair } from '@temporalio/common'
import type { Snapshot } from '../../domain/snapshot'

/** By what operators find incidents in Temporal: an allow-list of codes and a time, stored in clear, so nothing personal (S19). */
export const SEARCH_ATTRIBUTES = {
  caseType: defineSearchAttributeKey('CaseType', 'KEYWORD'),
  status: defineSearchAttributeKey('IncidentStatus', 'KEYWORD'),
  urgency: defineSearchAttributeKey('Urgency', 'KEYWORD'),
  escalated: defineSearchAttributeKey('Escalated', 'BOOL'),
  openedAt: defineSearchAttributeKey('OpenedAt', 'DATETIME'),
  region: defineSearchAttributeKey('Region', 'KEYWORD'),
} as const

/** What the search attributes of an incident's run should be. */
export function searchAttributesOf(snapshot: Snapshot): SearchAttributePair[] {
  const { caseType, status, urgency, escalated, openedAt, region } = SEARCH_ATTRIBUTES
  return [
    { key: caseType, value: snapshot.case_type },
    { key: status, value: snapshot.status },
    { key: urgency, value: snapshot.urgency },
    { key: escalated, value: snapshot.escalated !== null },
    { key: openedAt, value: new Date(snapshot.reported_at) },
    ...(snapshot.region === null ? [] : [{ key: region, value: snapshot.region }]),
  ]
}
