import type { Role, Standing } from './actors'

/** What an incident's rows say about somebody's relation to it. */
export interface Relation {
  readonly is_reporter: boolean
  readonly is_assignee: boolean
  readonly has_open_offer: boolean
  /** Was assigned or offered it once, and is no longer. */
  readonly had_access: boolean
}

/**
 * What somebody sees of an incident (S3): all of it, what a responder needs to decide, that their access has ended (403), or
 * nothing, as if it did not exist (404).
 */
export type View = 'full' | 'preview' | 'ended' | 'none'

/** The object-level rule of every incident route. A provider's access ends with their assignment, also by closure. */
export function viewOf(role: Role, relation: Relation): View {
  if (role === 'dispatcher' || role === 'admin') return 'full'
  if (relation.is_reporter) return 'full'
  if (role !== 'provider') return 'none'
  if (relation.is_assignee) return 'full'
  if (relation.has_open_offer) return 'preview'
  return relation.had_access ? 'ended' : 'none'
}

/** What somebody is to the incident, in the words of the lifecycle table. */
export function standingsOf(role: Role, relation: Relation): Standing[] {
  const standings: Standing[] = []
  if (relation.is_reporter) standings.push('reporter')
  if (relation.is_assignee) standings.push('assignee')
  if (relation.has_open_offer) standings.push('offered')
  if (role === 'dispatcher' || role === 'admin') standings.push(role)
  return standings
}

/**
 * Whether the subject of a third-party report may be known: not asked is the same as no. An imminent danger is recorded by a person,
 * whose act stands in the events.
 */
export const SUBJECT_CONSENTS = ['agreed', 'not_asked', 'imminent_danger'] as const
export type SubjectConsent = (typeof SUBJECT_CONSENTS)[number]

/** Who a report on behalf is about goes to nobody but whoever told it, until they agreed or are in imminent danger (S7). */
export const mayKnowSubject = ({ is_reporter }: Pick<Relation, 'is_reporter'>, consent: SubjectConsent): boolean =>
  is_reporter || consent !== 'not_asked'

/**
 * Must it be hidden from this reader why dispatch was called? A responder never learns that the reporter barred them: it may turn
 * them against the reporter.
 */
export const mustNotKnowOfBar = (role: Role, { is_reporter }: Pick<Relation, 'is_reporter'>): boolean =>
  role === 'provider' && !is_reporter
