import type { SignalName } from '../domain/signal-names'
import type { NoticeCode } from '../domain/notices'
import type { Channel } from '../domain/policy'
import type { ConsideredCandidate } from '../domain/ranking'
import type { ChainedEvent } from '../domain/events'
import type { FeedType } from '../domain/feed'
import type { Transaction } from './database'
import { markEffect } from './idempotency.repository'
import type { IncidentRow } from './incident-rows'
import { stopQueued } from './notices.repository'
import { runPrepared, type Prepared } from './prepared'
import type { ProviderFacts } from './providers.repository'
import { leaveToCommit, RunAgain } from './unit-of-work'

/** An event with its place in the chain. */
export interface EventToWrite extends ChainedEvent {
  readonly id: string
  readonly prev_hash: string
  readonly hash: string
  readonly request_id: string | null
}

export interface OfferToWrite {
  readonly id: string
  readonly provider_id: string
  readonly round: number
  readonly attempt: number
  readonly expires_at: number
  readonly candidates: readonly ConsideredCandidate[]
}

export interface OfferToClose {
  readonly id: string
  readonly state: 'accepted' | 'rejected' | 'expired' | 'withdrawn'
  readonly reason: string | null
}

export interface NoticeToWrite {
  readonly id: string
  readonly recipient_id: string
  readonly code: NoticeCode
  readonly offer_id: string | null
  /** What it should be sent by, beside the inbox. */
  readonly channels: readonly Channel[]
  /** Is any of the channels configured here, so that there is something to send? */
  readonly send: boolean
}

/** A line for sockets: what changed, and whose own socket is told as well. */
export interface FeedLine {
  readonly type: FeedType
  readonly user_id: string | null
  /** The offer or notice that it is about. */
  readonly ref: string | null
  readonly event: string | null
}

/** Everything that one act writes, in the order in which it is written. */
export interface ChangeToWrite {
  readonly incidentId: string
  readonly at: number
  readonly incident: Partial<IncidentRow>
  /** For an incident that comes to be with this change: the rest of its row, and its wrapped key. */
  readonly created: { readonly row: Partial<IncidentRow>; readonly wrappedKey: string } | null
  readonly offers: readonly OfferToWrite[]
  readonly closedOffers: readonly OfferToClose[]
  readonly endedAssignment: string | null
  readonly assignment: AssignmentToWrite | null
  readonly providers: readonly ProviderFacts[]
  readonly events: readonly EventToWrite[]
  readonly notes: readonly SealedNote[]
  readonly signal: SignalName | null
  /** Will its workflow look by itself soon? */
  readonly looksItself: boolean
  readonly withdrawnNotices: readonly NoticeCode[]
  readonly notices: readonly NoticeToWrite[]
  readonly feed: readonly FeedLine[]
  readonly requestId: string | null
}

/** Words somebody gave as the reason of an event, sealed with the incident's key. */
export interface SealedNote {
  readonly event_id: string
  readonly note: string
}

export interface AssignmentToWrite {
  readonly id: string
  readonly provider_id: string
  readonly offer_id: string | null
  readonly assigned_by: string | null
  readonly forced: boolean
}

/** Every column that an act may change. The sealed ones are not among them: they are long, and only edits touch them. */
const STATE_COLUMNS = [
  'urgency',
  'status',
  'rev',
  'version',
  'round',
  'incident_type',
  'occurred_at',
  'occurred_precision',
  'region',
  'assignee_id',
  'owner_id',
  'owner_active_at',
  'held',
  'review_from',
  'search_started_at',
  'search_asked',
  'search_refused',
  'look_again_at',
  'escalation_reason',
  'escalated_at',
  'ladder_step',
  'climb_at',
  'assigned_at',
  'nudged_at',
  'started_at',
  'completed_at',
  'ended_at',
  'outcome',
  'next_deadline_at',
  'next_step',
  'last_seq',
  'last_hash',
  'last_event_at',
  'deleted_at',
  'updated_at',
]

const columnsFrom = (alias: string): string => STATE_COLUMNS.map(column => `${alias}.${column}`).join(', ')

/** $1 is the whole change as JSON: one statement, so that an act is one round trip after its locks and reads. */
const WRITES = `
  written_events as (
    insert into events (id, incident_id, seq, rev, type, from_status, to_status, actor_role, actor_id, at, data, request_id,
      prev_hash, hash, signal, signal_after)
    select e.id, e.incident_id, e.seq, e.rev, e.type, e.from_status, e.to_status, e.actor_role, e.actor_id, e.at, e.data,
      e.request_id, e.prev_hash, e.hash, e.signal,
      case when e.signal is not null then
        clock_timestamp() + make_interval(secs => ($1::jsonb->>'relay_after_seconds')::double precision) end
    from jsonb_to_recordset($1::jsonb->'events') as e (id uuid, incident_id uuid, seq integer, rev integer, type text,
      from_status text, to_status text, actor_role text, actor_id uuid, at timestamptz, data jsonb, request_id uuid,
      prev_hash text, hash text, signal text)),
  written_notes as (
    insert into event_notes (event_id, note)
    select n.event_id, n.note from jsonb_to_recordset($1::jsonb->'notes') as n (event_id uuid, note text)),
  closed_offers as (
    update offers o set state = c.state, reason = c.reason, answered_at = ($1::jsonb->>'at')::timestamptz
    from jsonb_to_recordset($1::jsonb->'closed_offers') as c (id uuid, state text, reason text)
    -- The planner takes any JSON list for a hundred rows: without the incident's index it would read the whole table.
    where o.incident_id = ($1::jsonb->>'incident_id')::uuid and o.id = c.id and o.state = 'open' returning o.id),
  made_offers as (
    insert into offers (id, incident_id, provider_id, round, attempt, state, offered_at, expires_at, candidates)
    select o.id, ($1::jsonb->>'incident_id')::uuid, o.provider_id, o.round, o.attempt, 'open',
      ($1::jsonb->>'at')::timestamptz, o.expires_at, o.candidates
    from jsonb_to_recordset($1::jsonb->'offers') as o (id uuid, provider_id uuid, round integer, attempt integer,
      expires_at timestamptz, candidates jsonb)),
  ended_assignments as (
    update assignments a set ended_at = ($1::jsonb->>'at')::timestamptz, end_reason = $1::jsonb->>'ended_assignment'
    where a.incident_id = ($1::jsonb->>'incident_id')::uuid and a.ended_at is null
      and $1::jsonb->>'ended_assignment' is not null
    returning a.id),
  made_assignments as (
    insert into assignments (id, incident_id, provider_id, offer_id, assigned_by, forced, assigned_at)
    select a.id, ($1::jsonb->>'incident_id')::uuid, a.provider_id, a.offer_id, a.assigned_by, a.forced,
      ($1::jsonb->>'at')::timestamptz
    from jsonb_to_recordset($1::jsonb->'assignments') as a (id uuid, provider_id uuid, offer_id uuid, assigned_by uuid,
      forced boolean)
    -- Reading the ended ones has them ended first: of two answers at once only one may stand (assignments_one_yes).
    where (select count(*) from ended_assignments) >= 0),
  changed_providers as (
    update provider_profiles p set load = n.load, forced_load = n.forced_load, silences = n.silences,
      availability = n.availability, cooling_until = n.cooling_until, last_assigned_at = n.last_assigned_at,
      woke_at = case when n.woken then clock_timestamp() else p.woke_at end
    from jsonb_to_recordset($1::jsonb->'providers') as n (provider_id uuid, load integer, forced_load integer,
      silences integer, availability text, cooling_until timestamptz, last_assigned_at timestamptz, woken boolean)
    where p.user_id = n.provider_id
      and p.user_id = any(array(select (c->>'provider_id')::uuid from jsonb_array_elements($1::jsonb->'providers') as c))),
  withdrawn_notices as (
    update notices n set withdrawn_at = ($1::jsonb->>'at')::timestamptz, send_after = null
    where n.incident_id = ($1::jsonb->>'incident_id')::uuid and n.withdrawn_at is null
      and (n.code in (select jsonb_array_elements_text($1::jsonb->'withdrawn_notices'))
        -- Of several offers one may end while others stay open: its notice is found by the offer, not by its code.
        or n.offer_id in (select (c->>'id')::uuid from jsonb_array_elements($1::jsonb->'closed_offers') as c))
    returning n.id),
  stopped_attempts as (${stopQueued('withdrawn_notices')}),
  made_notices as (
    insert into notices (id, recipient_id, incident_id, offer_id, code, channels, rev, created_at, send_after)
    select n.id, n.recipient_id, ($1::jsonb->>'incident_id')::uuid, n.offer_id, n.code, n.channels,
      ($1::jsonb->'incident'->>'rev')::integer, ($1::jsonb->>'at')::timestamptz,
      case when n.send then ($1::jsonb->>'at')::timestamptz end
    from jsonb_to_recordset($1::jsonb->'notices') as n (id uuid, recipient_id uuid, offer_id uuid, code text,
      channels text[], send boolean)),
  told_sockets as (
    insert into feed (id, type, incident_id, user_id, ref, actor_id, event, status, rev)
    select feed_id(f.place::integer), f.line->>'type', ($1::jsonb->>'incident_id')::uuid, (f.line->>'user_id')::uuid,
      (f.line->>'ref')::uuid, ($1::jsonb->>'actor_id')::uuid, f.line->>'event', $1::jsonb->'incident'->>'status',
      ($1::jsonb->'incident'->>'rev')::integer
    from jsonb_array_elements($1::jsonb->'feed') with ordinality as f (line, place)),
  made_deliveries as (
    insert into webhook_deliveries (id, webhook_id, event_id)
    select gen_random_uuid(), w.id, e.id
    from webhooks w, jsonb_to_recordset($1::jsonb->'events') as e (id uuid, type text)
    where w.status = 'active' and (w.event_types = '{}' or e.type = any(w.event_types))
      and (w.case_types = '{}' or coalesce($1::jsonb->'incident'->>'case_type', (select i.case_type from incidents i
        where i.id = ($1::jsonb->>'incident_id')::uuid)) = any(w.case_types))
    -- A webhook that is being deleted gets nothing more: waiting for its end, or its missing row, would undo the act.
    for key share of w skip locked)`

/** The incident's row and its events are one statement: neither can ever stand without the other. */
const CHANGE: Prepared = {
  name: 'change-incident',
  text: `with incident as (
      update incidents i set (${STATE_COLUMNS.join(', ')}) =
        (select ${columnsFrom('n')} from jsonb_populate_record(i, $1::jsonb->'incident') as n)
      where i.id = ($1::jsonb->>'incident_id')::uuid),
    ${WRITES}
    select 1`,
}

const CREATE: Prepared = {
  name: 'create-incident',
  text: `with incident as (
      insert into incidents select n.* from jsonb_populate_record(null::incidents, $1::jsonb->'incident') as n),
    key as (
      insert into incident_keys (incident_id, wrapped)
      values (($1::jsonb->>'incident_id')::uuid, $1::jsonb->>'wrapped')),
    ${WRITES}
    select 1`,
}

/** How long the API may take to tell the workflow before the relay does. */
const RELAY_AFTER_S = 1
/** How long a workflow may take that is due to look by itself: with a thousand due in one instant some take longer, and are told. */
const LOOKS_WITHIN_S = 4

const dateOf = (time: number | null): Date | null => (time === null ? null : new Date(time))

/**
 * Writes an act's whole change. Row locks are held by the caller's transaction; what is written is answered with its COMMIT, unless
 * more must follow.
 */
export async function writeChange(trx: Transaction, change: ChangeToWrite): Promise<void> {
  const written = runPrepared(trx, change.created ? CREATE : CHANGE, [JSON.stringify(toJson(change))])
  leaveToCommit(trx, change.created ? written.catch(codeTakenMeansAgain) : written)
  const sealed = Object.entries(change.incident).filter(([column]) => !STATE_COLUMNS.includes(column))
  if (sealed.length > 0) await trx('incidents').where({ id: change.incidentId }).update(Object.fromEntries(sealed))
  await markEffect(trx, change.requestId ?? undefined, change.incidentId)
}

/** The short code is random: when it is taken, the whole act runs again with another. */
function codeTakenMeansAgain(error: unknown): never {
  if ((error as { constraint?: unknown } | null)?.constraint === 'incidents_code_key') throw new RunAgain('code taken')
  throw error
}

function toJson(change: ChangeToWrite): Record<string, unknown> {
  const last = change.events.length - 1
  return {
    incident_id: change.incidentId,
    at: new Date(change.at),
    incident: { ...change.created?.row, ...change.incident },
    wrapped: change.created?.wrappedKey,
    relay_after_seconds: change.looksItself ? LOOKS_WITHIN_S : RELAY_AFTER_S,
    events: change.events.map((event, index) => ({
      ...event,
      at: new Date(event.at),
      // One signal a change is enough: it carries the snapshot of its end.
      signal: index === last ? change.signal : null,
    })),
    notes: change.notes,
    offers: change.offers.map(offer => ({ ...offer, expires_at: new Date(offer.expires_at) })),
    closed_offers: change.closedOffers,
    ended_assignment: change.endedAssignment,
    assignments: change.assignment ? [change.assignment] : [],
    providers: change.providers.map(provider => ({
      ...provider,
      cooling_until: dateOf(provider.cooling_until),
      last_assigned_at: dateOf(provider.last_assigned_at),
    })),
    withdrawn_notices: change.withdrawnNotices,
    notices: change.notices,
    feed: change.feed,
    actor_id: change.events.at(-1)?.actor_id ?? null,
  }
}
