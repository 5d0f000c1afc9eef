import { z } from 'zod'
import { answer, defineRoute, type Route } from './route'

/** A part that does not say in time that it is ready is not. */
const CHECK_WITHIN_MS = 2_000

const live = defineRoute({
  method: 'get',
  path: '/health/live/',
  permission: 'public',
  summary: 'Is the process alive?',
  tags: ['Health'],
  response: z.object({ status: z.literal('ok') }),
  errors: [],
  handler: async () => ({ status: 'ok' as const }),
})

const ready = defineRoute({
  method: 'get',
  path: '/health/ready/',
  permission: 'public',
  summary: 'Can it do its work?',
  description: 'Ready means: the database is there with its newest schema, and a worker looks after the incidents.',
  tags: ['Health'],
  response: z.object({ ready: z.boolean(), checks: z.record(z.string(), z.boolean()) }),
  otherStatuses: { 503: 'Not ready; `checks` says what is missing' },
  errors: [],
  async handler(_context, { checks }) {
    const states = await Promise.all(
      Object.entries(checks).map(async ([name, check]) => [name, await inTime(check)] as const),
    )
    const isReady = states.every(([, state]) => state)
    return answer({ ready: isReady, checks: Object.fromEntries(states) }, { status: isReady ? 200 : 503 })
  },
})

async function inTime(check: () => Promise<boolean>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>(resolve => {
    timer = setTimeout(() => resolve(false), CHECK_WITHIN_MS)
  })
  try {
    return await Promise.race([check().catch(() => false), late])
  } finally {
    clearTimeout(timer)
  }
}

/** What machines ask: process supervisors and load balancers. */
export const healthRoutes: readonly Route[] = [live, ready]
