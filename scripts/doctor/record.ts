import { findBrokenStories, findDoubleAnswers, findLoadMismatches } from '../../db/audit.repository'
import type { Database } from '../../db/database'
import { listUnattended, readPulse } from '../../db/health.repository'
import { findActivePolicy } from '../../db/policies.repository'
import { CASE_TYPES } from '../../domain/case-types'
import { failed, ok, type Finding } from './finding'

const BEHIND_SECONDS = 5
const CLOCKS_APART_MS = 2_000
const SHOWN = 5
const REPORT_IT =
  'a rule was broken: leave the rows as they are, look at the timeline of these ids, and report a defect'

/** What the record says of itself: rules for every case type, nobody unattended, workflows told, every count right. */
export async function examineRecord(db: Database): Promise<Finding[]> {
  return [
    await examinePolicies(db),
    await examineUnattended(db),
    ...(await examinePulse(db)),
    faultless('Slots', 'every counter equals the offers and cases it counts', {
      fault: 'counters differ from what they count for the providers',
      ids: (await findLoadMismatches(db)).map(each => each.provider_id),
    }),
    faultless('Stories', 'every status has its event', {
      fault: 'events do not tell how these incidents came to be as they are',
      ids: (await findBrokenStories(db)).map(each => each.incident_id),
    }),
    faultless('Answers', 'nobody was told yes beside another', {
      fault: 'more than one yes, or an open offer beside a responder, in the incidents',
      ids: (await findDoubleAnswers(db)).map(each => each.incident_id),
    }),
  ]
}

async function examinePolicies(db: Database): Promise<Finding> {
  const without: string[] = []
  for (const code of Object.keys(CASE_TYPES)) if (!(await findActivePolicy(db, code))) without.push(code)
  if (without.length === 0) return ok('Policies', `active for ${Object.keys(CASE_TYPES).join(', ')}`)
  const remedy = 'start the product anew, or activate one: POST /api/dispatch/policies/{id}/activate/'
  return failed('Policies', `no active one for ${without.join(', ')}: reports are refused`, remedy)
}

async function examineUnattended(db: Database): Promise<Finding> {
  const { count, results } = await listUnattended(db, SHOWN)
  if (count === 0) return ok('Unattended', 'every open incident has a deadline or a person')
  const ids = results.map(row => row.incident).join(', ')
  return failed('Unattended', `${count} open incidents, among them ${ids}`, 'see that a worker runs, and its log')
}

async function examinePulse(db: Database): Promise<Finding[]> {
  const before = Date.now()
  const { behind_seconds, kept_by_sweep, at } = await readPulse(db)
  // The database read its clock somewhere between the two moments.
  const apart = Math.round(at - (before + Date.now()) / 2)
  const says = `${Math.round(behind_seconds)} s behind the record; in the last 5 minutes the sweep kept the deadlines of ${kept_by_sweep} incidents`
  return [
    behind_seconds <= BEHIND_SECONDS
      ? ok('Workflows', says)
      : failed('Workflows', says, 'see that Temporal answers and a worker runs; the relay does the rest'),
    Math.abs(apart) <= CLOCKS_APART_MS
      ? ok('Clocks', `the database's differs by ${apart} ms`)
      : failed('Clocks', `the database's differs by ${apart} ms`, 'set both machines by the same time server'),
  ]
}

function faultless(part: string, says: string, { fault, ids }: { fault: string; ids: readonly string[] }): Finding {
  if (ids.length === 0) return ok(part, says)
  const shown = ids.slice(0, SHOWN).join(', ')
  return failed(part, `${ids.length}: ${fault} ${shown}${ids.length > SHOWN ? ' ...' : ''}`, REPORT_IT)
}
