import { acceptOffer } from '../../acts/accept-offer'
import type { By } from '../../acts/deps'
import { cancelIncident, closeIncident, reopenIncident, type Ending } from '../../acts/end-incident'
import { rejectOffer } from '../../acts/reject-offer'
import { completeIncident, handBack, startWork } from '../../acts/work-incident'
import { Refusal } from '../../domain/refusals'
import type { ApiDeps } from '../deps'
import { idParams } from '../fields'
import type { IfMatch } from '../if-match'
import { defineRoute, type Route, type SignedIn } from '../route'
import { readAfterAct } from './incidents.reads'
import {
  answerBody,
  endBody,
  handBackBody,
  handedBackSchema,
  incidentSchema,
  rejectBody,
  rejectedSchema,
  workBody,
} from './incidents.schemas'

const tags = ['Incidents']
const UNKNOWN = ['INCIDENT_NOT_FOUND', 'ACCESS_ENDED'] as const
const NO_OFFER = ['OFFER_EXPIRED', 'OFFER_TAKEN', 'OFFER_WITHDRAWN', 'OFFER_NOT_YOURS', 'INCIDENT_CLOSED'] as const
const STATE = ['INCIDENT_CLOSED', 'TRANSITION_NOT_ALLOWED', 'RULE_BROKEN'] as const

const replay = ({ actor }: { readonly actor: SignedIn }, incidentId: string, { acts }: ApiDeps) =>
  readAfterAct(acts, actor, incidentId)

const accept = defineRoute({
  method: ['patch', 'post'],
  path: '/api/incidents/:id/accept/',
  permission: 'incident:answer',
  summary: 'Accept an offer',
  description:
    'Of any number at once exactly one wins; the others are told why not. Until the offer ends, and not a moment later.',
  tags,
  params: idParams,
  body: answerBody,
  response: incidentSchema,
  errors: [...UNKNOWN, ...NO_OFFER],
  idempotent: true,
  async handler({ params, body, actor, by }, { acts }) {
    await acceptOffer(acts, { incidentId: params.id, offerId: body.offer_id }, by)
    return readAfterAct(acts, actor, params.id)
  },
  replay,
})

const reject = defineRoute({
  method: ['patch', 'post'],
  path: '/api/incidents/:id/reject/',
  permission: 'incident:answer',
  summary: 'Refuse an offer',
  description:
    'You are never offered this incident again. After `busy` or `other` you get no offer at all for a while.',
  tags,
  params: idParams,
  body: rejectBody,
  response: rejectedSchema,
  errors: [...UNKNOWN, ...NO_OFFER],
  idempotent: true,
  example: { body: { reason: 'too_far' } },
  async handler({ params, body, by }, { acts }) {
    const { reason, note, offer_id } = body
    await rejectOffer(acts, { incidentId: params.id, offerId: offer_id, reason, note }, by)
    return { status: 'rejected' as const }
  },
  replay: async () => ({ status: 'rejected' as const }),
})

const work = defineRoute({
  method: ['patch', 'post'],
  path: '/api/incidents/:id/status/',
  permission: 'incident:work',
  summary: 'Start or complete the work',
  description:
    'The responder starts and completes; the reporter may complete with `helped` or `not_helped`. Where a completion came without an outcome (`not_stated`), `completed` with one states it.',
  tags,
  params: idParams,
  body: workBody,
  response: incidentSchema,
  errors: [...UNKNOWN, ...STATE],
  idempotent: true,
  example: { body: { status: 'completed', outcome: 'resolved' } },
  async handler({ params, body, actor, by }, { acts }) {
    const { status, outcome, note } = body
    if (status === 'in_progress') await startWork(acts, params.id, by, note)
    else if (outcome !== undefined) await completeIncident(acts, params.id, outcome, by, note)
    else throw missing('outcome', 'To complete it, say what came of it')
    return readAfterAct(acts, actor, params.id)
  },
  replay,
})

type End = (acts: ApiDeps['acts'], ending: Ending, by: By) => Promise<unknown>

const ending = (name: 'cancel' | 'reopen', summary: string, description: string, end: End): Route =>
  defineRoute({
    method: 'post',
    path: `/api/incidents/:id/${name}/`,
    permission: `incident:${name}`,
    summary,
    description,
    tags,
    params: idParams,
    body: endBody,
    ifMatch: true,
    response: incidentSchema,
    errors: [...UNKNOWN, ...STATE, 'CHANGED'],
    idempotent: true,
    async handler({ params, body, actor, by, headers }, { acts }) {
      if (body.reason === undefined) throw missing('reason', 'Say why: a code, or in your own words')
      await end(acts, { incidentId: params.id, reason: body.reason, rev: revOf(headers.ifMatch, body.rev) }, by)
      return readAfterAct(acts, actor, params.id)
    },
    replay,
  })

const cancel = ending(
  'cancel',
  'Cancel an incident',
  'From any status before completion. Open offers are withdrawn, the responder is told.',
  cancelIncident,
)
const reopen = ending(
  'reopen',
  'Open an incident again',
  'After completion, or within the days that the case type gives after the end. It is searched or reviewed anew.',
  reopenIncident,
)

const close = defineRoute({
  method: 'post',
  path: '/api/incidents/:id/close/',
  permission: 'incident:close',
  summary: 'Close a completed incident',
  description: 'It closes by itself after some days. The responder loses access.',
  tags,
  params: idParams,
  body: endBody,
  ifMatch: true,
  response: incidentSchema,
  errors: [...UNKNOWN, ...STATE, 'CHANGED'],
  idempotent: true,
  async handler({ params, body, actor, by, headers }, { acts }) {
    const reason = body.reason ?? (actor.role === 'survivor' ? 'closed_by_reporter' : 'closed_by_dispatch')
    await closeIncident(acts, { incidentId: params.id, reason, rev: revOf(headers.ifMatch, body.rev) }, by)
    return readAfterAct(acts, actor, params.id)
  },
  replay,
})

const giveBack = defineRoute({
  method: 'post',
  path: '/api/incidents/:id/hand-back/',
  permission: 'incident:hand_back',
  summary: 'Give an accepted incident back',
  description: 'The search begins again without you, and your access ends.',
  tags,
  params: idParams,
  body: handBackBody,
  response: handedBackSchema,
  errors: [...UNKNOWN, ...STATE],
  idempotent: true,
  example: { body: { reason: 'conflict_of_interest' } },
  async handler({ params, body, by }, { acts }) {
    if (body.reason === undefined) throw missing('reason', 'Say why: a code, or in your own words')
    await handBack(acts, params.id, body.reason, by)
    return { status: 'handed_back' as const }
  },
  replay: async () => ({ status: 'handed_back' as const }),
})

const revOf = (ifMatch: IfMatch, given: number | undefined): number | undefined => ifMatch.rev ?? given

const missing = (field: string, message: string): Refusal =>
  new Refusal('RULE_BROKEN', { detail: message, errors: [{ path: `body.${field}`, code: 'required', message }] })

/** What people do with an incident that is there. */
export const incidentActRoutes: readonly Route[] = [accept, reject, work, cancel, reopen, close, giveBack]
