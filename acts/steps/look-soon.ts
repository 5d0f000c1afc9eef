import type { IncidentChange } from '../incident-change'

/** An offer ended without a yes: the search remembers a refusal, and while dispatch has the case the engine looks again at once. */
export function lookSoon(change: IncidentChange, how: 'refused' | 'withdrawn'): void {
  const { search, status } = change.state
  if (!search) return
  change.patch({
    search: {
      ...search,
      refused: search.refused || how === 'refused',
      look_again_at: status === 'escalated' ? change.at : search.look_again_at,
    },
  })
}
