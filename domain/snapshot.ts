import type { IncidentState } from './incident-state'
import { nextStep, stepSummary, type StepKind } from './next-step'
import type { Policy } from './policy'
import { isOpen, type EscalationReason, type Status, type Urgency } from './statuses'

/**
 * What a workflow knows of its incident, and all that travels in signals and histories: ids, codes and times. `rev` orders
 * snapshots; `next` is what the engine's rule said under the incident's lock, so that a workflow never judges by itself.
 */
export interface Snapshot {
  readonly id: string
  readonly rev: number
  readonly round: number
  readonly case_type: string
  readonly status: Status
  readonly urgency: Urgency
  readonly escalated: EscalationReason | null
  readonly region: string | null
  /** Milliseconds since 1970. */
  readonly reported_at: number
  readonly open: boolean
  readonly next: {
    readonly kind: StepKind
    readonly due_at: number
    /** Time left by the record's clock when the snapshot was taken, in milliseconds; never negative. */
    readonly in_ms: number
  } | null
  readonly summary: string
}

/** The snapshot of a state at time `at` (milliseconds, the record's clock). */
export function snapshotOf(state: IncidentState, policy: Policy, region: string | null, at: number): Snapshot {
  const next = nextStep(state, policy, at)
  return {
    id: state.id,
    rev: state.rev,
    round: state.round,
    case_type: state.case_type,
    status: state.status,
    urgency: state.urgency,
    escalated: state.escalation?.reason ?? null,
    region,
    reported_at: state.reported_at,
    open: isOpen(state.status),
    next: next && { kind: next.kind, due_at: next.due_at, in_ms: Math.max(0, next.due_at - at) },
    summary: stepSummary(next, state, policy),
  }
}

/**
 * Milliseconds from `now` until a snapshot's next step is due. The snapshot may be late, so that part of its `in_ms` has passed: the absolute
 * time says so. Where clocks differ the sooner counts, for an act that comes too early does nothing.
 */
export const msUntil = ({ in_ms, due_at }: NonNullable<Snapshot['next']>, now: number): number =>
  Math.min(in_ms, due_at - now)
