import { percentile, type Figure } from '../figures'
import { closedLoop, openLoop, waitFor, type Load } from '../load'
import { LOOKS_PER_SECOND, openOffice, USERS, type Look } from '../office'
import { giveApps } from '../people'
import { Product } from '../product'
import { startPushVendor, type PushVendor } from '../push-vendor'
import type { Row } from '../row'
import type { Stack } from '../stack'

const PER_SECOND = 5
/** What people look at meanwhile: enough that each look is a real one, and soon written. */
const RECORD = 10_000
const WARM_UP = 50
const WITHIN_SECONDS = 120
/** How long people go on looking while a burst is worked off. */
const BURST_SECONDS = 10

/** From an urgent report until the vendor has the push that tells whom it is offered to. */
export const push: Row = {
  name: 'push',
  about: `Urgent reports, ${PER_SECOND} a second and then many at once, while ${USERS} users look at something every two seconds: from the moment each report is sent until the vendor of push, a server in the bench’s own process, has the push of its offer.`,
  async measure(stack, sizes, say) {
    const vendor = await startPushVendor()
    const product = await Product.start(stack, vendor.settings)
    const { providers, looks } = await openOffice(stack, Math.min(RECORD, sizes.readable))
    await giveApps(stack, providers.values())
    const reports = new Reports(stack, product, vendor)
    await closedLoop({ count: WARM_UP, atOnce: 5 }, () => reports.make())
    await lookAround(product, looks, 2)
    await reports.delays()
    say(`${PER_SECOND} urgent reports a second`)
    const rate = { perSecond: PER_SECOND, seconds: sizes.pushSeconds }
    const [meanwhile] = await Promise.all([
      lookAround(product, looks, sizes.pushSeconds),
      openLoop(rate, () => reports.make()),
    ])
    const steady = await reports.delays()
    say(`${sizes.pushBurst} at once`)
    const began = performance.now()
    await Promise.all([
      lookAround(product, looks, BURST_SECONDS),
      closedLoop({ count: sizes.pushBurst, atOnce: sizes.pushBurst }, () => reports.make()),
    ])
    const burst = await reports.delays()
    const lastAfter = Math.max(...vendor.arrivedAt.values()) - began
    product.close()
    vendor.close()
    return [
      ...figuresOf(`${PER_SECOND} reports a second`, steady, { p50: 300, p99: 1_000 }),
      { name: 'what people looked at meanwhile: p95', unit: 'ms', ours: percentile(meanwhile.latencies, 95) },
      ...figuresOf(`${sizes.pushBurst} reports at once`, burst, { p99: 10_000 }),
      { name: `${sizes.pushBurst} reports at once: all handed over`, unit: 's', ours: lastAfter / 1000 },
    ]
  },
}

/** People look at everything in turn. */
function lookAround(product: Product, looks: readonly Look[], seconds: number): Promise<Load> {
  return openLoop({ perSecond: LOOKS_PER_SECOND, seconds }, async index =>
    looks[index % looks.length]?.look(product, index),
  )
}

/** Urgent reports, and how long after each its push was handed over. */
class Reports {
  #sentAt = new Map<string, number>()

  constructor(
    private readonly stack: Stack,
    private readonly product: Product,
    private readonly vendor: PushVendor,
  ) {}

  async make(): Promise<void> {
    const sentAt = performance.now()
    this.#sentAt.set(await this.product.report('urgent', 'offering'), sentAt)
  }

  /** Waits for the pushes of all reports since the last time: for each the milliseconds from its sending to its push. */
  async delays(): Promise<number[]> {
    const sentAt = this.#sentAt
    this.#sentAt = new Map()
    const notices = await this.stack
      .db('notices')
      .whereIn('incident_id', [...sentAt.keys()])
      .where({ code: 'offer.made' })
      .select<{ id: string; incident_id: string }[]>('id', 'incident_id')
    const { arrivedAt } = this.vendor
    await waitFor('all pushes are handed over', { withinSeconds: WITHIN_SECONDS }, async () =>
      notices.every(({ id }) => arrivedAt.has(id)),
    )
    if (notices.length !== sentAt.size) throw new Error('a report has told nobody, or several')
    return notices.map(({ id, incident_id }) => (arrivedAt.get(id) ?? NaN) - (sentAt.get(incident_id) ?? NaN))
  }
}

function figuresOf(name: string, delays: readonly number[], bars: { readonly p50?: number; readonly p99: number }) {
  return ([50, 99, 100] as const).map((share): Figure => {
    const bar = share === 50 ? bars.p50 : share === 99 ? bars.p99 : undefined
    return {
      name: `${name}: ${share === 100 ? 'the last' : `p${share}`}`,
      unit: 'ms',
      ours: percentile(delays, share),
      ...(bar !== undefined && { bars: [{ of: 'ours', atMost: bar }] }),
    }
  })
}
