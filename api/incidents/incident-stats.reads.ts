import type { z } from 'zod'
import type { ActDeps } from '../../acts/deps'
import { listNewest } from '../../db/incident-lists.repository'
import { readIncidentFigures, type IncidentFigures } from '../../db/incident-stats.repository'
import { isOpen, STATUSES, URGENCIES } from '../../domain/statuses'
import type { SignedIn } from '../route'
import { scopeOf } from './incidents.reads'
import type { statsSchema } from './incidents.schemas'
import { rowView } from './incidents.views'

/** What dispatch's figures look back to: they change with every report, so they are counted anew each time. */
export const STAFF_DAYS = 30
const MS_PER_DAY = 86_400_000
const RECENT = 5

/** Figures of the incidents that the reader may list, with the newest of them. */
export async function readStats(
  { db, vault }: Pick<ActDeps, 'db' | 'vault'>,
  reader: SignedIn,
): Promise<z.input<typeof statsSchema>> {
  const scope = scopeOf(reader)
  const since = scope.kind === 'staff' ? new Date(Date.now() - STAFF_DAYS * MS_PER_DAY) : null
  const [figures, recent] = await Promise.all([readIncidentFigures(db, scope, since), listNewest(db, scope, RECENT)])
  const answered = sum(figures, each => each.answered)
  return {
    since: since?.toISOString() ?? null,
    total: sum(figures, each => each.count),
    open: sum(figures, each => (isOpen(each.status) ? each.count : 0)),
    by_status: countsBy(STATUSES, figures, each => each.status),
    by_urgency: countsBy(URGENCIES, figures, each => each.urgency),
    by_type: typesOf(figures),
    average_response_seconds: answered === 0 ? null : Math.round(sum(figures, each => each.waited_seconds) / answered),
    recent: recent.map(row => rowView(vault, row, reader)),
  }
}

type Figures = readonly IncidentFigures[]

const sum = (figures: Figures, of: (each: IncidentFigures) => number): number =>
  figures.reduce((total, each) => total + of(each), 0)

const countsBy = <Word extends string>(
  words: readonly Word[],
  figures: Figures,
  wordOf: (each: IncidentFigures) => Word,
): Record<Word, number> =>
  Object.fromEntries(
    words.map(word => [word, sum(figures, each => (wordOf(each) === word ? each.count : 0))]),
  ) as Record<Word, number>

function typesOf(figures: Figures): { type: string | null; count: number }[] {
  const types = [...new Set(figures.map(each => each.incident_type))]
  return types
    .map(type => ({ type, count: sum(figures, each => (each.incident_type === type ? each.count : 0)) }))
    .sort((a, b) => b.count - a.count || (a.type ?? '').localeCompare(b.type ?? ''))
}
