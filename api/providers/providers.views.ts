import type { z } from 'zod'
import type { ProviderProfileModel } from '../../db/models'
import { openName } from '../../db/person-names'
import { openJson, type Vault } from '../../db/vault'
import type { Position } from '../../domain/places'
import type { profileSchema, providerSchema } from './providers.schemas'

function shared(vault: Vault, profile: ProviderProfileModel) {
  const { user } = profile
  return {
    id: profile.user_id,
    name: user ? openName(vault, { ...user, wrapped: user.key?.wrapped ?? null }) : null,
    provider_type: profile.provider_type,
    verification: profile.verification,
    availability: profile.availability,
    capacity: profile.capacity,
    load: profile.load,
    skills: profile.skills,
    languages: profile.languages,
    last_assigned_at: profile.last_assigned_at?.toISOString() ?? null,
    updated_at: profile.updated_at.toISOString(),
  }
}

/** A provider as dispatch sees them: no position. */
export const providerView = (vault: Vault, profile: ProviderProfileModel): z.input<typeof providerSchema> => ({
  ...shared(vault, profile),
  is_active: profile.user?.status === 'active',
})

/** A provider's own profile, with the exact position. */
export function profileView(vault: Vault, profile: ProviderProfileModel): z.input<typeof profileSchema> {
  const wrapped = profile.user?.key?.wrapped
  const key = wrapped === undefined ? null : vault.keyOf(profile.user_id, wrapped)
  return {
    ...shared(vault, profile),
    position: key && openJson<Position>(key, 'provider_profiles', profile.user_id, 'position', profile.position),
    cooling_until: profile.cooling_until?.toISOString() ?? null,
  }
}
