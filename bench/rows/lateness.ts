import { reportIncident } from '../../acts/report-incident'
import type { By } from '../../acts/deps'
import { percentile, type Figure } from '../figures'
import { openBareTemporal } from '../floor/temporal'
import { closedLoop, waitFor } from '../load'
import { addPeople, addProviders, type SignedInPerson } from '../people'
import { Product } from '../product'
import { actDeps, offeredTo, untilTold, usePolicy } from '../record'
import type { Row } from '../row'
import type { Stack } from '../stack'

/** As many as a mass incident would find; each may hold several offers, for everybody is silent here. */
const PROVIDERS = 400
/** Workflows are started at no less than this on two cores, so that all wait before the first deadline. */
const ARMED_PER_SECOND = 25
const LEAD_SECONDS = 10
/** So much later are the offers due that follow the silent ones: after everything was measured, not in the middle of the next part. */
const NEXT_DUE_SECONDS = 1200
/** Of the offers in the spread one in so many is answered at the very end of its time: all along, as people do, not in a crowd at the start. */
const ONE_ANSWERED_IN = 20
const AROUND_DEADLINE_MS = 20

/** How late deadlines are kept, spread over a minute and all in one instant; the floor is bare timers of the same spread. */
export const lateness: Row = {
  name: 'lateness',
  about:
    'Offers that nobody answers: how long after its deadline each is recorded as expired (with the next offer made), by the database clock; spread over a minute, and all due in one instant. Floor: timers alone, due the same way, by the Temporal server’s clock.',
  async measure(stack, { deadlines, spreadSeconds, warmUp }) {
    const bare = await openBareTemporal(stack.config)
    const lead = leadSeconds(deadlines)
    const warming = Math.ceil(warmUp / 2)
    await bare.timers(Array.from({ length: warming }, () => Date.now() + leadSeconds(warming) * 1000))
    const spread = (index: number): number => Math.floor((index * spreadSeconds * 1000) / deadlines)
    const floor = { spread: [] as number[], burst: [] as number[] }
    for (const kind of ['spread', 'burst'] as const) {
      const first = Date.now() + lead * 1000
      floor[kind] = await bare.timers(
        Array.from({ length: deadlines }, (_, i) => first + (kind === 'spread' ? spread(i) : 0)),
      )
    }
    await bare.close()

    const product = await Product.start(stack)
    const capacity = Math.ceil((deadlines * 6 + warmUp) / PROVIDERS)
    const people: People = {
      reporter: (await addPeople(stack, 'survivor', 1))[0] as SignedInPerson,
      providers: await addProviders(stack, { count: PROVIDERS, capacity }),
    }
    await expire(stack, product, people, { count: warming, dueAfter: () => 0, oneAnsweredIn: Infinity })
    const ours = {
      spread: await expire(stack, product, people, {
        count: deadlines,
        dueAfter: spread,
        oneAnsweredIn: ONE_ANSWERED_IN,
      }),
      burst: await expire(stack, product, people, { count: deadlines, dueAfter: () => 0, oneAnsweredIn: Infinity }),
    }
    product.close()
    return [
      ...figuresOf(`${deadlines} over ${spreadSeconds} s`, ours.spread, floor.spread, 'spread'),
      ...figuresOf(`${deadlines} in one instant`, ours.burst, floor.burst, 'burst'),
      {
        name: 'accepted after the deadline',
        unit: 'count',
        ours: await acceptedLate(stack),
        bars: [{ of: 'ours', atMost: 0 }],
      },
    ]
  },
}

interface People {
  readonly reporter: SignedInPerson
  readonly providers: ReadonlyMap<string, SignedInPerson>
}

const leadSeconds = (count: number): number => Math.ceil(count / ARMED_PER_SECOND) + LEAD_SECONDS

/** Makes the offers through the act itself, waits until their workflows are armed, and answers how late each expired, in milliseconds. */
async function expire(
  stack: Stack,
  product: Product,
  { reporter, providers }: People,
  { count, dueAfter, oneAnsweredIn }: { count: number; dueAfter: (index: number) => number; oneAnsweredIn: number },
): Promise<number[]> {
  const longest = dueAfter(count - 1)
  const windowSeconds = leadSeconds(count) + Math.ceil(longest / 1000) + NEXT_DUE_SECONDS
  await usePolicy(stack, { window_seconds: windowSeconds })
  const deps = actDeps(stack)
  const first = Date.now() - longest - NEXT_DUE_SECONDS * 1000
  const ids: string[] = []
  await closedLoop({ count, atOnce: 8 }, async index => {
    // A report of the past, by as much as its deadline is to come before the last one's: so the windows stay whole seconds.
    const by: By = { actor: { kind: 'person', id: reporter.id, role: 'survivor' }, at: first + dueAfter(index) }
    ids.push((await reportIncident(deps, { case_type: 'gbv', urgency: 'urgent', description: 'x' }, by)).incidentId)
  })
  await untilTold(stack)
  const firstDue = first + windowSeconds * 1000
  if (Date.now() > firstDue)
    throw new Error('the workflows were not armed before the first deadline: use fewer --deadlines')
  const answered = ids.filter((_, index) => (index + 1) % oneAnsweredIn === 0)
  const answers = await answerAtTheEnd(stack, product, providers, answered)
  await new Promise(resolve => setTimeout(resolve, Math.max(0, firstDue + longest - Date.now())))
  await waitFor('every deadline is kept', { withinSeconds: 300, everyMs: 1000 }, async () => {
    const open = await stack.db('offers').whereIn('incident_id', ids).where({ state: 'open', attempt: 1 }).first('id')
    return open === undefined
  })
  await Promise.all(answers)
  return latenessOf(stack, ids)
}

/** Has some of the offers accepted within 20 ms of their deadline, before and after it; a refusal is as good an answer. */
async function answerAtTheEnd(
  stack: Stack,
  product: Product,
  providers: ReadonlyMap<string, SignedInPerson>,
  ids: readonly string[],
): Promise<Promise<unknown>[]> {
  const answers: Promise<unknown>[] = []
  for (const [index, incidentId] of ids.entries()) {
    const provider = providers.get(await offeredTo(stack, incidentId))
    const offer = await stack.db('offers').where({ incident_id: incidentId }).first<{ expires_at: Date }>('expires_at')
    if (!provider) throw new Error('an incident is offered to a stranger')
    const at = offer.expires_at.getTime() + ((index % 5) - 2) * (AROUND_DEADLINE_MS / 2)
    const answer = new Promise(resolve => setTimeout(resolve, Math.max(0, at - Date.now())))
    answers.push(answer.then(() => product.accept(incidentId, provider, 200, 409)))
  }
  return answers
}

async function latenessOf({ db }: Stack, ids: readonly string[]): Promise<number[]> {
  const { rows } = await db.raw<{ rows: { late: number }[] }>(
    `select (extract(epoch from e.at - o.expires_at) * 1000)::double precision as late
     from events e join offers o on o.id = (e.data->>'offer_id')::uuid
     where e.type = 'offer.expired' and o.attempt = 1 and e.incident_id = any(?)`,
    [[...ids]],
  )
  return rows.map(({ late }) => late)
}

async function acceptedLate({ db }: Stack): Promise<number> {
  const { rows } = await db.raw<{ rows: [{ count: number }] }>(
    `select count(*) as count from offers where state = 'accepted' and answered_at > expires_at`,
  )
  return rows[0].count
}

function figuresOf(
  name: string,
  ours: readonly number[],
  floor: readonly number[],
  kind: 'spread' | 'burst',
): Figure[] {
  const late = (share: number): Pick<Figure, 'ours' | 'floor'> => ({
    ours: percentile(ours, share) / 1000,
    floor: percentile(floor, share) / 1000,
  })
  const bar = kind === 'spread' ? ({ of: 'ours', atMost: 0.5 } as const) : ({ of: 'ratio', atMost: 0.6 } as const)
  return [
    { name: `${name}: p50 late`, unit: 's', ...late(50) },
    { name: `${name}: p99 late`, unit: 's', ...late(99), bars: [bar] },
    { name: `${name}: most late`, unit: 's', ...late(100) },
    { name: `${name}: expired`, unit: 'count', ours: ours.length, floor: floor.length },
  ]
}
