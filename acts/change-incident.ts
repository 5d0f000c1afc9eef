import { inTransaction } from '../db/unit-of-work'
import { writeChange } from '../db/change.writer'
import type { Transaction } from '../db/database'
import { stateOf, type IncidentRow } from '../db/incident-rows'
import { findWrappedKey, lockIncident, readUnderLock, type UnderLock } from '../db/incidents.repository'
import { nudge } from '../db/nudge'
import { lockProviders, readCandidates, type ToLock } from '../db/providers.repository'
import { markHeard } from '../db/relay.repository'
import { caseTypeOf } from '../domain/case-types'
import type { Position } from '../domain/places'
import type { Policy } from '../domain/policy'
import { rank, type Candidate, type Ranked } from '../domain/ranking'
import { Refusal } from '../domain/refusals'
import { snapshotOf, type Snapshot } from '../domain/snapshot'
import { sealColumn, type DataKey } from '../platform/envelope'
import { carryOn } from './carry-on'
import { personOf, type ActDeps, type By } from './deps'
import { IncidentChange, type Grounds } from './incident-change'
import { placeOf } from './incident-place'

export interface Target {
  readonly incidentId: string
  /**
   * The revision the act was decided on. The engine's acts do nothing on another and answer the newest snapshot; people's are
   * refused with `CHANGED`. Without one, the act is taken as decided on the state at its arrival.
   */
  readonly rev?: number
  /** Providers that the act names: they are locked with the rest. */
  readonly providers?: readonly string[]
  /** May the incident be looking for a responder after this act? Then candidates are read and the likely ones locked. */
  readonly mayOffer: boolean
  /** May this act begin a new search? Whoever was offered in the one before may then be asked again. */
  readonly maySearchAnew?: true
  /** Deleted incidents do not exist for people, but for the act that brings one back. */
  readonly deleted?: 'included'
}

/**
 * The frame of every act: one transaction, three kinds of statements in this order. Lock (the incident, then its providers in
 * id order); read the state and the one clock; write. In between `decide` changes the working copy or throws a refusal, and
 * the engine's due steps are carried out, so that no act leaves anything undone that is already due.
 */
export async function changeIncident(
  deps: ActDeps,
  target: Target,
  by: By,
  decide: (change: IncidentChange) => void | Promise<void>,
): Promise<Snapshot> {
  const { snapshot, change } = await inTransaction(deps.db, async (trx, run) => {
    const change = new IncidentChange(await readGrounds(deps, trx, target, by, run))
    const { row } = change.grounds
    if (target.rev !== undefined && target.rev !== row.rev) {
      if (by.actor.kind === 'person') throw changedSince(change)
      // It is the workflow that decides on a revision: being answered the newest one, it has heard of it.
      await markHeard(trx, [{ incidentId: row.id, rev: row.rev }])
      return { snapshot: snapshotIn(change), change }
    }
    await decide(change)
    await carryOn(change)
    return { snapshot: await write(deps, trx, change), change }
  })
  afterCommit(deps, snapshot, change)
  return snapshot
}

/** A deleted incident is over for the engine, and does not exist for anybody. */
const isGoneFor = (by: By, row: IncidentRow): boolean => row.deleted_at !== null && by.actor.kind === 'person'

/** Writes what happened, if anything did, and answers the snapshot after it. */
export async function write(deps: ActDeps, trx: Transaction, change: IncidentChange): Promise<Snapshot> {
  if (!change.isEmpty) {
    const key = change.hasWords ? await incidentKey(deps, trx, change) : null
    await writeChange(
      trx,
      change.toWrite((eventId, words) => {
        if (!key) throw new Refusal('RULE_BROKEN', { detail: 'The incident was erased: no words can be kept with it' })
        return sealColumn(key, { table: 'event_notes', column: 'note', rowId: eventId }, words)
      }),
    )
  }
  return snapshotIn(change)
}

async function incidentKey(deps: ActDeps, trx: Transaction, change: IncidentChange): Promise<DataKey | null> {
  const { id } = change.state
  const wrapped = change.grounds.created?.wrappedKey ?? (await findWrappedKey(trx, id))
  return wrapped === null ? null : deps.vault.keyOf(id, wrapped)
}

const snapshotIn = (change: IncidentChange): Snapshot =>
  snapshotOf(change.state, change.policy, change.grounds.row.region, change.at)

/** What follows a commit and may fail without harm: sockets and senders are nudged, the workflow is told, and the log says what notices there are. */
export function afterCommit(deps: ActDeps, snapshot: Snapshot, change: IncidentChange): void {
  if (change.isEmpty) return
  nudge(deps.db)
  if (change.signal && change.isNews && !change.looksItself) deps.tell({ snapshot, signal: change.signal })
  for (const { id, code, channels, send } of change.notices)
    deps.logger.info({ incident: snapshot.id, notice: id, code, channels, vendor: send }, 'notice')
}

const changedSince = (change: IncidentChange): Refusal =>
  new Refusal('CHANGED', {
    extra: {
      current: { rev: change.state.rev, status: change.state.status, assigned_to: change.state.assignee_id },
    },
  })

async function readGrounds(deps: ActDeps, trx: Transaction, target: Target, by: By, run: number): Promise<Grounds> {
  const locked = target.mayOffer
    ? await lockWithCandidates(deps, trx, target, by, run)
    : await lockAtOnce(trx, target, by)
  const { row, providers, at, offers } = locked
  const policy = await deps.policies.rulesOf(trx, row.policy_id)
  return {
    trx,
    at: timeOfAct(deps, at, by, row),
    by,
    row,
    state: stateOf(row, offers),
    offers,
    providers,
    candidates: locked.candidates,
    place: locked.place,
    run,
    created: null,
    caseType: caseTypeOf(row.case_type),
    policy,
    configuredChannels: deps.configuredChannels,
  }
}

interface Locked extends UnderLock, Pick<Grounds, 'row' | 'providers' | 'candidates' | 'place'> {}

/** Where nobody can be offered the incident, its locks and what is read under them need nothing of each other: one round trip. */
async function lockAtOnce(trx: Transaction, target: Target, by: By): Promise<Locked> {
  const [found, providers, under] = await Promise.all([
    lockIncident(trx, target.incidentId),
    lockProviders(trx, target.incidentId, { all: target.providers ?? [] }),
    readUnderLock(trx, target.incidentId, personOf(by)),
  ])
  return { row: requireThere(found, target, by), providers, ...under, candidates: [], place: null }
}

async function lockWithCandidates(
  deps: ActDeps,
  trx: Transaction,
  target: Target,
  by: By,
  run: number,
): Promise<Locked> {
  const row = requireThere(await lockIncident(trx, target.incidentId), target, by)
  const policy = await deps.policies.rulesOf(trx, row.policy_id)
  const guess = by.at ?? Date.now()
  const place = await placeOf(deps, trx, row)
  const candidates = await readCandidates(trx, {
    ...{ incidentId: row.id, round: row.round, providerTypes: policy.offer.provider_types },
    ...{ place, at: guess, atMost: CANDIDATES_AT_MOST },
  })
  const askable = target.maySearchAnew ? candidates.map(each => ({ ...each, offered: false })) : candidates
  const likely = likelyChosen(askable, policy, { place, run, at: guess })
  const [providers, under] = await Promise.all([
    lockProviders(trx, row.id, { ...likely, all: [...(target.providers ?? []), ...(likely?.all ?? [])] }),
    readUnderLock(trx, row.id, personOf(by)),
  ])
  return { row, providers, ...under, candidates, place }
}

function requireThere(row: IncidentRow | undefined, target: Target, by: By): IncidentRow {
  if (!row || (isGoneFor(by, row) && target.deleted !== 'included')) throw new Refusal('INCIDENT_NOT_FOUND')
  return row
}

/** How many candidates an act reads: more than its last run would lock for the widest broadcast, and than an offer's reasons name. */
export const CANDIDATES_AT_MOST = 60
/** How many of the best are locked beyond those that one round of offers takes: answers of this act may use up one. */
const SPARE_CANDIDATES = 1
/** A run that found the locked ones taken meanwhile locks so many more each time. */
const MORE_EACH_RUN = 5

/**
 * Whom a choice in this act would fall on: to be locked before anything is decided. The act's clock is read after the locks; `at` is
 * this process's, near enough for a guess at who is still cooling down.
 *
 * Where one is to be asked, the first of the nearest band is taken whom no other act holds: who is held is most likely being asked for
 * another incident, and comes after the others when that is done. Waiting for them instead had a hundred reports at once wait in one
 * line. If all of the band are held, the act runs again and waits. Null when there is nobody.
 */
export function likelyChosen(
  candidates: readonly Candidate[],
  { offer }: Policy,
  { place, run, at }: { readonly place: Position | null; readonly run: number; readonly at: number },
): ToLock | null {
  const isBroadcast = offer.mode === 'broadcast'
  const wanted = (isBroadcast ? offer.broadcast_size : 1) + SPARE_CANDIDATES + run * MORE_EACH_RUN
  const ranked = rank(candidates, offer.provider_types, place, at)
  const [best] = ranked
  if (!best) return null
  const idsOf = (some: readonly Ranked[]): string[] => some.map(({ candidate }) => candidate.provider_id)
  if (isBroadcast || run > 0) return { all: idsOf(ranked.slice(0, wanted)) }
  const isNearest = ({ score_parts }: Ranked): boolean => score_parts.distance_band === best.score_parts.distance_band
  return { someOf: idsOf(ranked.filter(isNearest)), atMost: wanted }
}

/** The one time of an act: PostgreSQL's clock, or in time-travel tests the caller's, never before the last event. */
export function timeOfAct(deps: ActDeps, at: number, by: By, row: Pick<IncidentRow, 'last_event_at'> | null): number {
  if (by.at !== undefined && !deps.timeTravel) throw new Error('a passed time is refused outside time-travel tests')
  return Math.max(by.at ?? at, row?.last_event_at.getTime() ?? 0)
}
