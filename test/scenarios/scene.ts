import { acceptOffer } from '../../acts/accept-offer'
import { carryOnIncident } from '../../acts/carry-on-incident'
import type { ActDeps, By } from '../../acts/deps'
import { dispatchIncident, type Decision } from '../../acts/dispatch-incident'
import { cancelIncident, closeIncident, reopenIncident } from '../../acts/end-incident'
import { rejectOffer } from '../../acts/reject-offer'
import { reportIncident, type Report } from '../../acts/report-incident'
import { completeIncident, handBack, startWork } from '../../acts/work-incident'
import type { IncidentRow } from '../../db/incident-rows'
import type { Role } from '../../domain/actors'
import type { Snapshot } from '../../domain/snapshot'
import type { Outcome, RejectReason } from '../../domain/statuses'
import { incidentWorkflowId, INCIDENT_WORKFLOW, taskQueueName } from '../../workflows/contracts/incident'
import { isWorkflowMissing } from '../../platform/temporal/connection'
import { addProvider, addUser, by, type ProviderFacets } from '../builders/record'
import type { TestEngine } from '../harness/engine'
import { expectInvariants } from '../harness/invariants'

/** Is the engine awake from the report on, or asleep until the scene's middle? */
export type Beginning = 'from the beginning' | 'started in the middle'

type Act = Decision extends infer Each ? (Each extends Decision ? Omit<Each, 'incidentId' | 'provider'> : never) : never

/**
 * One incident and the people around it, in words. While the engine is asleep no workflow knows of the incident: people's acts and
 * the overdue ones (which the sweep does when Temporal is away) happen in the record alone, at times in the past. `wake` starts a run that
 * knows nothing but the id.
 */
export class Scene {
  incidentId = ''
  readonly #reported: string[] = []
  readonly #people = new Map<string, string>()
  /** While asleep: the incident's time, before the real one. */
  #past: number | null = null

  constructor(
    readonly engine: TestEngine,
    beginning: Beginning,
    preludeSeconds: number,
  ) {
    // A second to spare: the time of the wake must not lie before the last act's.
    if (beginning === 'started in the middle') this.#past = Date.now() - (preludeSeconds + 1) * 1000
  }

  get #deps(): ActDeps {
    return this.#past === null ? this.engine.deps : { ...this.engine.deps, tell: () => undefined }
  }

  now(): number {
    return this.#past ?? this.engine.now(this.incidentId)
  }

  id(name: string): string {
    const id = this.#people.get(name)
    if (!id) throw new Error(`nobody is called ${name}`)
    return id
  }

  nameOf(id: string | null): string | null {
    return [...this.#people].find(([, each]) => each === id)?.[0] ?? id
  }

  #by(role: Role, name: string): By {
    return by(role, this.id(name), this.now())
  }

  async provider(name: string, facets: ProviderFacets = {}): Promise<void> {
    this.#people.set(name, await addProvider(this.engine.db, facets))
  }

  async dispatcher(name: string, duty: 'on duty' | 'off duty' = 'on duty'): Promise<void> {
    this.#people.set(name, await addUser(this.engine.db, 'dispatcher', duty === 'off duty' ? { onDuty: 'no' } : {}))
  }

  async reports(more: Partial<Report> = {}): Promise<Snapshot | null> {
    this.#people.set('amina', await addUser(this.engine.db, 'survivor'))
    const report = { case_type: 'gbv', urgency: 'urgent' as const, ...more }
    const { incidentId, snapshot } = await reportIncident(this.#deps, report, this.#by('survivor', 'amina'))
    this.incidentId = incidentId
    this.#reported.push(incidentId)
    if (this.#past === null) await this.engine.heard(incidentId)
    return snapshot
  }

  /** Lets time pass. The engine does what is due on the way: the workflow when awake, the sweep when asleep. */
  async pass(seconds: number): Promise<void> {
    if (this.#past === null) return this.engine.pass(this.incidentId, seconds)
    const end = this.#past + seconds * 1000
    for (;;) {
      const due = (await this.row()).next_deadline_at?.getTime() ?? Infinity
      if (due > end) break
      await carryOnIncident(this.#deps, { incidentId: this.incidentId, at: due })
    }
    this.#past = end
  }

  /** Lets time pass until somebody is asked, so many seconds at the most: the moment has some play, and an offer ends again. */
  async passUntilAsked(atMost: number): Promise<void> {
    const STEP = 15
    for (let passed = 0; passed < atMost && (await this.asked()).length === 0; passed += STEP) await this.pass(STEP)
  }

  /** Lets time pass without waiting for the workflow to know the record: the record may be away. */
  async passUnheard(seconds: number): Promise<void> {
    await this.engine.passUnheard(this.incidentId, seconds)
  }

  /** Time that nobody attends to: no worker, no sweep. Only while asleep. */
  lost(seconds: number): void {
    if (this.#past === null) throw new Error('time is lost only while the engine sleeps')
    this.#past += seconds * 1000
  }

  /** The engine wakes up: a run that knows nothing but the id. From the beginning it was never asleep. */
  async wakes(): Promise<void> {
    if (this.#past === null) return
    this.#past = null
    await this.engine.link.client.workflow.start(INCIDENT_WORKFLOW, {
      workflowId: incidentWorkflowId(this.incidentId),
      taskQueue: taskQueueName(this.engine.target.queuePrefix, 'incidents'),
      args: [{ incidentId: this.incidentId }],
    })
    await this.engine.heard(this.incidentId)
  }

  async #did(act: Promise<Snapshot>): Promise<Snapshot> {
    const snapshot = await act
    if (this.#past === null) await this.engine.heard(this.incidentId)
    return snapshot
  }

  accepts(name: string): Promise<Snapshot> {
    return this.#did(acceptOffer(this.#deps, { incidentId: this.incidentId }, this.#by('provider', name)))
  }
  /** Accepts half a second before the open offer ends, however long the test itself took until here. */
  async acceptsInTheLastSecond(name: string): Promise<Snapshot> {
    const { expires_at } = await this.#openOffer()
    const late = by('provider', this.id(name), expires_at.getTime() - 500)
    return this.#did(acceptOffer(this.#deps, { incidentId: this.incidentId }, late))
  }
  refuses(name: string, reason: RejectReason = 'too_far'): Promise<Snapshot> {
    return this.#did(rejectOffer(this.#deps, { incidentId: this.incidentId, reason }, this.#by('provider', name)))
  }
  starts(name: string): Promise<Snapshot> {
    return this.#did(startWork(this.#deps, this.incidentId, this.#by('provider', name)))
  }
  handsBack(name: string): Promise<Snapshot> {
    return this.#did(handBack(this.#deps, this.incidentId, 'unsafe', this.#by('provider', name)))
  }
  completes(name: string, outcome: Outcome = 'resolved'): Promise<Snapshot> {
    const role = name === 'amina' ? 'survivor' : 'provider'
    return this.#did(completeIncident(this.#deps, this.incidentId, outcome, this.#by(role, name)))
  }
  cancels(name: string): Promise<Snapshot> {
    const role = name === 'amina' ? 'survivor' : 'dispatcher'
    return this.#did(cancelIncident(this.#deps, this.#ending(), this.#by(role, name)))
  }
  closes(name: string): Promise<Snapshot> {
    return this.#did(closeIncident(this.#deps, this.#ending(), this.#by('dispatcher', name)))
  }
  reopens(name: string): Promise<Snapshot> {
    const role = name === 'amina' ? 'survivor' : 'dispatcher'
    return this.#did(reopenIncident(this.#deps, this.#ending(), this.#by(role, name)))
  }
  /** A dispatcher decides; providers are named, not numbered. */
  decides(name: string, act: Act & { readonly provider?: string }): Promise<Snapshot> {
    const { provider, ...rest } = act
    const named = provider === undefined ? {} : { provider: this.id(provider), force: 'force' in act && act.force }
    const decision = { incidentId: this.incidentId, ...rest, ...named } as Decision
    return this.#did(dispatchIncident(this.#deps, decision, this.#by('dispatcher', name)))
  }

  #ending(): { incidentId: string; reason: string } {
    return { incidentId: this.incidentId, reason: 'because' }
  }

  row(): Promise<IncidentRow> {
    return this.engine.row(this.incidentId)
  }

  /** Who is being asked now, by name. */
  async asked(): Promise<string[]> {
    const ids = await this.engine
      .db('offers')
      .where({ incident_id: this.incidentId, state: 'open' })
      .pluck<string[]>('provider_id')
    return ids.map(id => this.nameOf(id) ?? '').sort()
  }

  /** Everybody who was ever asked, in order. */
  async wereAsked(): Promise<string[]> {
    const ids = await this.engine
      .db('offers')
      .where({ incident_id: this.incidentId })
      .orderBy(['offered_at', 'id'])
      .pluck<string[]>('provider_id')
    return ids.map(id => this.nameOf(id) ?? '')
  }

  /** Seconds that the open offer was given. */
  async window(): Promise<number> {
    const offer = await this.#openOffer()
    return Math.round((offer.expires_at.getTime() - offer.offered_at.getTime()) / 1000)
  }

  async #openOffer(): Promise<{ offered_at: Date; expires_at: Date }> {
    return this.engine
      .db('offers')
      .where({ incident_id: this.incidentId, state: 'open' })
      .first<{ offered_at: Date; expires_at: Date }>('offered_at', 'expires_at')
  }

  story(): Promise<string[]> {
    return this.engine.events(this.incidentId)
  }

  async times(type: string): Promise<number> {
    return (await this.story()).filter(each => each === type).length
  }

  /** Live notices of this incident: `code to name`. */
  async notices(): Promise<string[]> {
    const rows = await this.engine
      .db('notices')
      .where({ incident_id: this.incidentId })
      .whereNull('withdrawn_at')
      .orderBy('created_at')
      .select<{ code: string; recipient_id: string }[]>('code', 'recipient_id')
    return rows.map(row => `${row.code} to ${this.nameOf(row.recipient_id)}`)
  }

  async workflowStatus(): Promise<string> {
    return (await this.engine.handle(this.incidentId).describe()).status.name
  }

  async expect(facts: {
    status?: string
    by?: string | null
    owner?: string | null
    reason?: string | null
    asked?: string[]
  }) {
    const row = await this.row()
    const found = {
      ...('status' in facts && { status: row.status }),
      ...('by' in facts && { by: this.nameOf(row.assignee_id) }),
      ...('owner' in facts && { owner: this.nameOf(row.owner_id) }),
      ...('reason' in facts && { reason: row.escalation_reason }),
      ...('asked' in facts && { asked: await this.asked() }),
    }
    expect(found).toEqual(facts)
  }

  async ends(): Promise<void> {
    await expectInvariants(this.engine.db)
  }

  /** Ends the runs of this scene: a search that went on would take the providers of the next one. */
  async leaves(): Promise<void> {
    for (const id of this.#reported)
      await this.engine
        .handle(id)
        .terminate()
        .catch((error: unknown) => {
          if (!isWorkflowMissing(error)) throw error
        })
  }
}
