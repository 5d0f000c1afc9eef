import { createHash } from 'node:crypto'
import { findBrokenStories, findDoubleAnswers, findLoadMismatches } from '../../db/audit.repository'
import type { Database } from '../../db/database'
import type { EventModel } from '../../db/models'
import { CHAIN_START, chainText } from '../../domain/events'

/** Fails with what is wrong when any incident or provider of the database breaks an invariant that rows can show (I2-I5). */
export async function expectInvariants(db: Database): Promise<void> {
  expect({
    load: await findLoadMismatches(db),
    stories: await findBrokenStories(db),
    chains: await findBrokenChains(db),
    doubles: await findDoubleAnswers(db),
    lateAnswers: await db('offers').where({ state: 'accepted' }).whereRaw('answered_at > expires_at').pluck('id'),
    noticesOfOldStates: await noticesOfOldStates(db),
  }).toEqual({ load: [], stories: [], chains: [], doubles: [], lateAnswers: [], noticesOfOldStates: [] })
}

/** Notices about an open offer or a running escalation that are still live although that state is over (I4). */
async function noticesOfOldStates(db: Database): Promise<string[]> {
  const { rows } = await db.raw<{ rows: { id: string }[] }>(
    `select n.id from notices n
     join incidents i on i.id = n.incident_id
     left join offers o on o.id = n.offer_id
     where n.withdrawn_at is null and (
       (n.code = 'offer.made' and i.status in ('assigned', 'in_progress', 'completed', 'closed', 'cancelled'))
       or (n.code = 'dispatch.escalated' and i.escalation_reason is null))`,
  )
  return rows.map(row => row.id)
}

/** Incidents whose events do not hash to the end of their chain. The ends first: what comes in between lies beyond them. */
async function findBrokenChains(db: Database): Promise<string[]> {
  const ends = await db('incidents').select<{ id: string; last_seq: number; last_hash: string }[]>(
    'id',
    'last_seq',
    'last_hash',
  )
  const hashes = new Map<string, string[]>()
  const broken = new Set<string>()
  for (const event of await db<EventModel>('events').orderBy(['incident_id', 'seq'])) {
    const chain = hashes.get(event.incident_id) ?? []
    const previous = chain.at(-1) ?? CHAIN_START
    const text = chainText(previous, { ...event, at: event.at.getTime() })
    const hash = createHash('sha256').update(text).digest('hex')
    if (event.seq !== chain.length + 1 || event.prev_hash !== previous || event.hash !== hash)
      broken.add(event.incident_id)
    chain.push(event.hash)
    hashes.set(event.incident_id, chain)
  }
  for (const { id, last_seq, last_hash } of ends) if (hashes.get(id)?.[last_seq - 1] !== last_hash) broken.add(id)
  return [...broken]
}
