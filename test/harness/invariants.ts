import { findBrokenStories, findDoubleAnswers, findLoadMismatches } from '../../db/audit.repository'
import type { Database } from '../../db/database'

/** Fails with what is wrong when any incident or provider of the database breaks an invariant that rows can show (I2-I5). */
export async function expectInvariants(db: Database): Promise<void> {
  expect({
    load: await findLoadMismatches(db),
    stories: await findBrokenStories(db),
    doubles: await findDoubleAnswers(db),
    lateAnswers: await db('offers').where({ state: 'accepted' }).whereRaw('answered_at > expires_at').pluck('id'),
    noticesOfOldStates: await noticesOfOldStates(db),
  }).toEqual({ load: [], stories: [], doubles: [], lateAnswers: [], noticesOfOldStates: [] })
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
