import {
  ApplicationFailure,
  condition,
  defineSignal,
  defineUpdate,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
  sleep,
} from '@temporalio/workflow'
import type { BareActivities } from './activities'

const { pick } = proxyLocalActivities<BareActivities>({ startToCloseTimeout: '5s' })
const { notify } = proxyActivities<BareActivities>({ startToCloseTimeout: '10s' })

export const acceptUpdate = defineUpdate<string, [provider: string]>('accept')
export const resolveSignal = defineSignal('resolve')

/**
 * An incident as one writes it by hand with Temporal alone: pick somebody, tell them, wait for their yes or the end of the window, tell
 * the reporter, wait for the end of the work. It keeps its state in itself; nothing is stored elsewhere.
 */
export async function bareIncident({ id, windowSeconds }: { id: string; windowSeconds: number }): Promise<string> {
  let offeredTo: string | null = null
  let acceptedBy: string | null = null
  let isResolved = false
  setHandler(
    acceptUpdate,
    provider => {
      acceptedBy = provider
      return provider
    },
    {
      validator: provider => {
        if (provider !== offeredTo || acceptedBy) throw ApplicationFailure.nonRetryable('no such offer', 'OfferClosed')
      },
    },
  )
  setHandler(resolveSignal, () => {
    isResolved = true
  })
  offeredTo = await pick(id)
  // Not awaited: the offer's window must not wait for the delivery of its notice.
  void notify({ id, to: offeredTo })
  if (!(await condition(() => acceptedBy !== null, windowSeconds * 1000))) return 'escalated'
  await notify({ id, to: 'reporter' })
  await condition(() => isResolved)
  return 'resolved'
}

/** Sleeps until the moment (milliseconds since 1970) and answers how late it woke, in milliseconds by the server's clock. */
export async function bareTimer(due: number): Promise<number> {
  await sleep(Math.max(1, due - Date.now()))
  return Date.now() - due
}
