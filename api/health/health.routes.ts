import { z } from 'zod'
import { Refusal } from '../../domain/refusals'
import { STATUSES } from '../../domain/statuses'
import { idField, timeField } from '../fields'
import { defineRoute, type Route } from '../route'
import { readChecks, readEnginePulse, readUnattended } from './health.reads'

const tags = ['Health']

const live = defineRoute({
  method: 'get',
  path: '/health/live/',
  permission: 'public',
  summary: 'Is the process alive?',
  tags,
  response: z.object({ status: z.literal('ok') }),
  errors: [],
  handler: async () => ({ status: 'ok' as const }),
})

const ready = defineRoute({
  method: 'get',
  path: '/health/ready/',
  permission: 'public',
  summary: 'Can it do its work?',
  description:
    'Ready means: the database is there with its newest schema, and a worker looks after the incidents. `behind` says whether workflows lag behind the record by more than 5 s. `kept_by_sweep` counts the incidents whose deadline was kept, within the last 5 minutes, by the sweep: their workflows were away, stuck or swamped.',
  tags,
  response: z.object({
    ready: z.literal(true),
    checks: z.record(z.string(), z.boolean()),
    behind: z.boolean(),
    behind_seconds: z.number(),
    kept_by_sweep: z.number().int().min(0),
    clock_difference_ms: z.number().int(),
  }),
  errors: ['ENGINE_UNAVAILABLE'],
  async handler(_context, deps) {
    const [states, pulse] = await Promise.all([readChecks(deps), readEnginePulse(deps)])
    const checks = pulse ? states : { ...states, database: false }
    const missing = Object.keys(checks).filter(name => !checks[name])
    if (!pulse || missing.length > 0)
      throw new Refusal('ENGINE_UNAVAILABLE', {
        detail: `Not ready: ${missing.join(', ')}`,
        extra: { ready: false, checks },
        headers: { 'retry-after': '5' },
      })
    return { ready: true as const, checks, ...pulse }
  },
})

const unattended = defineRoute({
  method: 'get',
  path: '/api/health/unattended/',
  permission: 'health:read',
  summary: 'Open incidents that nobody attends to',
  description:
    'Without a deadline, or more than 10 s past it, and without an owner or a responder. Always empty while a worker runs.',
  tags,
  response: z.object({
    count: z.number().int().min(0),
    results: z.array(z.object({ incident: idField, code: z.string(), status: z.enum(STATUSES), since: timeField })),
  }),
  errors: [],
  async handler(_context, deps) {
    const { count, results } = await readUnattended(deps)
    return { count, results: results.map(row => ({ ...row, since: row.since.toISOString() })) }
  },
})

/** What machines and dispatch ask of the engine's health. */
export const healthRoutes: readonly Route[] = [live, ready, unattended]
