import { CHAIN_START } from '../domain/events'
import { caseTypeOf } from '../domain/case-types'
import { INCIDENT_CODE_LENGTH, incidentCode } from '../domain/incident-code'
import type { Status } from '../domain/statuses'
import { inTransaction } from '../db/unit-of-work'
import { sealColumns, Vault } from '../db/vault'
import type { DataKey } from '../platform/envelope'
import { newId } from '../platform/ids'
import { randomBytes } from 'node:crypto'
import type { Stack } from './stack'

/** Who the incidents of a large record belong to. */
export interface Crowd {
  readonly reporters: readonly string[]
  readonly providers: readonly string[]
}

const AT_ONCE = 1_000
const DAY_MS = 86_400_000
/** Reports were made over so many days. */
const DAYS = 365
const YEAR_AHEAD = new Date(Date.now() + DAYS * DAY_MS)
/** What is open of 1,000 incidents of the last year, newest first; all others are over. */
const OPEN_OF_A_THOUSAND: readonly Status[] = [
  ...Array<Status>(4).fill('pending_dispatcher_review'),
  ...Array<Status>(1).fill('escalated'),
  ...Array<Status>(10).fill('assigned'),
  ...Array<Status>(10).fill('in_progress'),
  ...Array<Status>(5).fill('completed'),
]

/**
 * Writes `count` incidents of the last year into the record, each with its key, sealed words and two events, where somebody had it
 * with the accepted offer and the assignment, and every fifth with a conversation. They are rows alone: no workflow runs for them, and nothing of them is due within a year.
 */
export async function addCrowd(stack: Stack, count: number, crowd: Crowd): Promise<void> {
  const vault = new Vault(stack.config.keyRing)
  const policy = await stack
    .db<{ id: string; case_type: string; active: boolean }>('policies')
    .where({ case_type: 'gbv', active: true })
    .first('id')
  if (!policy) throw new Error('there is no policy')
  for (let from = 0; from < count; from += AT_ONCE) {
    const size = Math.min(AT_ONCE, count - from)
    const many = Array.from({ length: size }, (_, n) =>
      incidentOf(vault, { index: from + n, count, crowd, policyId: policy.id }),
    )
    await inTransaction(stack.db, async trx => {
      for (const [table, rows] of tablesOf(many))
        await trx.raw(`insert into ${table} select (jsonb_populate_recordset(null::${table}, ?::jsonb)).*`, [
          JSON.stringify(rows),
        ])
    })
  }
  await stack.db.raw('vacuum analyze')
}

type Written = ReturnType<typeof incidentOf>

function tablesOf(many: readonly Written[]): [string, unknown[]][] {
  return [
    ['incidents', many.map(each => each.incident)],
    ['incident_keys', many.map(each => each.key)],
    ['events', many.flatMap(each => each.events)],
    ['offers', many.flatMap(each => each.offers)],
    ['assignments', many.flatMap(each => each.assignments)],
    ['conversations', many.flatMap(each => each.conversations)],
    ['messages', many.flatMap(each => each.messages)],
  ]
}

interface Place {
  readonly index: number
  readonly count: number
  readonly crowd: Crowd
  readonly policyId: string
}

function incidentOf(vault: Vault, { index, count, crowd, policyId }: Place) {
  const id = newId()
  const { key, wrapped } = vault.newKey(id)
  const { codePrefix, incidentTypes, areas, version } = caseTypeOf('gbv')
  const status = OPEN_OF_A_THOUSAND[index % 1000] ?? (index % 20 === 0 ? 'cancelled' : 'closed')
  const isAssigned = !['pending_dispatcher_review', 'escalated', 'cancelled'].includes(status)
  const reportedAt = new Date(Date.now() - (DAYS * DAY_MS * (index + 1)) / count)
  const soonAfter = new Date(reportedAt.getTime() + 240_000)
  const assignee = isAssigned ? (crowd.providers[index % crowd.providers.length] ?? null) : null
  const isOver = status === 'closed' || status === 'cancelled'
  const sealed = sealColumns(key, 'incidents', id, {
    title: 'Needs help at home',
    description: 'She was hurt last night. '.repeat(8),
  })
  const incident = {
    ...{ id, code: incidentCode(codePrefix, randomBytes(INCIDENT_CODE_LENGTH * 2)) + index.toString(36), ...sealed },
    ...{ case_type: 'gbv', case_type_version: version, policy_id: policyId, status, rev: 5, version: 1, round: 1 },
    urgency: index % 3 === 0 ? 'urgent' : 'routine',
    incident_type: incidentTypes[index % incidentTypes.length],
    region: areas[index % areas.length]?.code ?? null,
    reporter_id: crowd.reporters[index % crowd.reporters.length],
    ...{ on_behalf: false, held: false, assignee_id: assignee, search_asked: 0, search_refused: false },
    ...(status === 'escalated' && {
      escalation_reason: 'no_provider_available',
      escalated_at: soonAfter,
      ladder_step: 1,
    }),
    ladder_step: 0,
    ...(isAssigned && { assigned_at: soonAfter }),
    ...(isOver && { ended_at: soonAfter }),
    ...(!isOver && { next_deadline_at: YEAR_AHEAD }),
    ...{ reported_at: reportedAt, created_at: reportedAt, updated_at: soonAfter, last_event_at: soonAfter },
    ...{ last_seq: 2, last_hash: CHAIN_START },
  }
  const event = { incident_id: id, data: {}, prev_hash: CHAIN_START, hash: CHAIN_START, actor_role: 'engine' }
  const events = [
    { ...event, id: newId(), seq: 1, rev: 1, type: 'incident.reported', to_status: 'reported', at: reportedAt },
    { ...event, id: newId(), seq: 2, rev: 5, type: 'incident.assigned', to_status: status, at: soonAfter },
  ]
  const at = { reportedAt, soonAfter, ended: isOver }
  return {
    incident,
    key: { incident_id: id, wrapped },
    events,
    ...(assignee === null ? NOT_GIVEN : givenTo(assignee, id, at)),
    ...(index % TALKED_ABOUT === 0 ? talkOf(key, id, String(incident.reporter_id), soonAfter) : SILENCE),
  }
}

const NOT_GIVEN = { assignments: [], offers: [] }

/** The offer that somebody accepted, and what came of it. */
function givenTo(
  provider: string,
  incidentId: string,
  { reportedAt, soonAfter, ended }: { reportedAt: Date; soonAfter: Date; ended: boolean },
) {
  const offer = {
    ...{ id: newId(), incident_id: incidentId, provider_id: provider, round: 1, attempt: 1, candidates: [] },
    ...{ state: 'accepted', offered_at: reportedAt, expires_at: soonAfter, answered_at: soonAfter },
  }
  const assignment = {
    ...{ id: newId(), incident_id: incidentId, provider_id: provider, service: 'response', forced: false },
    ...{ offer_id: offer.id, assigned_at: soonAfter },
    ...(ended && { ended_at: soonAfter, end_reason: 'closed' }),
  }
  return { offers: [offer], assignments: [assignment] }
}

/** Of so many incidents one has messages. */
const TALKED_ABOUT = 5
const MESSAGES = 3
const SILENCE = { conversations: [], messages: [] }

function talkOf(key: DataKey, incidentId: string, sender: string, at: Date) {
  const conversation = { id: newId(), incident_id: incidentId, last_seq: MESSAGES, last_message_at: at, created_at: at }
  const messages = Array.from({ length: MESSAGES }, (_, n) => {
    const id = newId()
    return {
      ...{ id, conversation_id: conversation.id, seq: n + 1, sender_id: sender, sender_role: 'survivor' },
      ...{
        message_type: 'text',
        ...sealColumns(key, 'messages', id, { content: 'Are you on your way?' }),
        created_at: at,
      },
    }
  })
  return { conversations: [conversation], messages }
}
