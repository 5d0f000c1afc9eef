import { caseTypeOf } from '../../domain/case-types'
import type { Policy } from '../../domain/policy'
import type { Changes } from './changes'
import type { operations } from '../../api/client/api-types'
import { done, type Kesi } from '../../api/client/kesi-client'
import { at, type Person } from './client'

/** Whom the play asks: one kind of responder, so that everybody else's morning stays as it is. */
export const PLAYED_TYPE = 'chw'

/** The rules of `gbv` in seconds instead of minutes: the same code, another version. */
export const FAST_POLICY: Policy = {
  ...caseTypeOf('gbv').policy,
  offer: {
    ...caseTypeOf('gbv').policy.offer,
    window_seconds: 6,
    search_seconds: 60,
    cooldown_seconds: 5,
    provider_types: [PLAYED_TYPE],
  },
  review: { window_seconds: 60 },
  start: { nudge_seconds: 120, escalate_seconds: 240 },
  dispatch_ladder: [
    { after_seconds: 0, who: 'dispatchers_on_duty', channels: ['push'] },
    { after_seconds: 2, who: 'dispatchers_on_duty', channels: ['push', 'sms'] },
    { after_seconds: 4, who: 'all_dispatchers_and_admins', channels: ['push', 'sms', 'email'] },
  ],
  ladder_repeat_seconds: 10,
  owner_idle_seconds: 120,
  auto_close_seconds: 5,
}

type NewPolicy = operations['post_dispatch_policies']['requestBody']['content']['application/json']

/** Puts the fast policy in force and answers its version number; the one before it is noted in the changes. */
export async function useFastPolicy(admin: Person, changes: Changes): Promise<number> {
  const all = { params: { query: { page_size: 100 } } } as const
  const { results } = await done(admin.api.GET('/api/dispatch/policies/', all))
  const stored = results.filter(policy => policy.case_type === FAST_POLICY.case_type)
  const before = stored.find(policy => policy.active)
  if (before) changes.replacedPolicy(before.id)
  // Played again and again, it stays one version.
  const known = stored.find(isFast)
  const fast = known
    ? await done(admin.api.POST('/api/dispatch/policies/{id}/activate/', at(known.id)))
    : await done(admin.api.POST('/api/dispatch/policies/', { body: { ...FAST_POLICY, activate: true } as NewPolicy }))
  return fast.version
}

const isFast = ({ rules }: Kesi['Policy']): boolean => canonical(rules) === canonical(FAST_POLICY)

/** JSON with sorted keys: the database gives the keys back in its own order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}
