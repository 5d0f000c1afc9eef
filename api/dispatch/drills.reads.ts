import type { z } from 'zod'
import type { ActDeps } from '../../acts/deps'
import { findPersons, type Person } from '../../db/accounts.repository'
import { findDrill, listDrillPeople, listDrills, type DrillPersonRow, type DrillRow } from '../../db/drills.repository'
import { Refusal } from '../../domain/refusals'
import { pageOf, windowOf, type PageQuery } from '../lists'
import { attemptView } from '../notices/notices.reads'
import type { RequestFacts } from '../route'
import type { drillDetailSchema, drillSchema } from './drills.schemas'

type Reads = Pick<ActDeps, 'db' | 'vault'>
type Names = ReadonlyMap<string, Person>
type DrillDetail = z.input<typeof drillDetailSchema>

/** A page of the drills, newest first. */
export async function readDrills(
  { db, vault }: Reads,
  window: { readonly limit: number; readonly offset: number },
): Promise<{ count: number; results: z.input<typeof drillSchema>[] }> {
  const { count, results } = await listDrills(db, window)
  const names = await findPersons(
    db,
    vault,
    results.map(row => row.started_by),
  )
  return { count, results: results.map(row => drillView(row, names)) }
}

/** A drill with a page of those whom it called: who got it, by which channel, and who answered. Throws `DRILL_NOT_FOUND`. */
export async function readDrill(
  { db, vault }: Reads,
  drillId: string,
  query: PageQuery,
  request: Pick<RequestFacts, 'url'>,
): Promise<DrillDetail> {
  const drill = await findDrill(db, drillId)
  if (!drill) throw new Refusal('DRILL_NOT_FOUND')
  const people = await listDrillPeople(db, drillId, windowOf(query))
  const names = await findPersons(db, vault, [drill.started_by, ...people.map(each => each.id)])
  const results = people.map(each => calledView(each, names))
  return { ...drillView(drill, names), people: pageOf({ count: drill.people, results }, query, request) }
}

const drillView = (
  { started_at, channels, people, reached, answered, ...row }: DrillRow,
  names: Names,
): z.input<typeof drillSchema> => ({
  id: row.id,
  started_by: personView(row.started_by, names),
  started_at: started_at.toISOString(),
  channels: [...channels],
  counts: { people, reached, answered },
})

const calledView = (row: DrillPersonRow, names: Names): DrillDetail['people']['results'][number] => ({
  person: personView(row.id, names),
  role: row.role,
  provider_type: row.provider_type,
  answered_at: row.answered_at?.toISOString() ?? null,
  channels: row.attempts.map(attemptView),
})

const personView = (id: string, names: Names): { id: string; name: string } => ({ id, name: names.get(id)?.name ?? '' })
