import type { z } from 'zod'
import type { ProviderProfileModel } from '../../db/models'
import { openName } from '../../db/person-names'
import type { DirectoryRow } from '../../db/provider-profiles.repository'
import { openJson, type Vault } from '../../db/vault'
import type { Position } from '../../domain/places'
import type { profileSchema, providerSchema } from './providers.schemas'

function shared(profile: Omit<DirectoryRow, 'is_active' | 'account_version' | 'has_key'>, name: string | null) {
  return {
    id: profile.user_id,
    name,
    provider_type: profile.provider_type,
    verification: profile.verification,
    availability: profile.availability,
    capacity: profile.capacity,
    load: profile.load,
    skills: [...profile.skills],
    languages: [...profile.languages],
    last_assigned_at: profile.last_assigned_at?.toISOString() ?? null,
    updated_at: profile.updated_at.toISOString(),
  }
}

/** A provider as dispatch sees them: no position. */
export const providerView = (row: DirectoryRow, name: string | null): z.input<typeof providerSchema> => ({
  ...shared(row, name),
  is_active: row.is_active,
})

/** A provider's own profile, with the exact position. */
export function profileView(vault: Vault, profile: ProviderProfileModel): z.input<typeof profileSchema> {
  const { user } = profile
  const wrapped = user?.key?.wrapped
  const key = wrapped === undefined ? null : vault.keyOf(profile.user_id, wrapped)
  return {
    ...shared(profile, user ? openName(vault, { ...user, wrapped: wrapped ?? null }) : null),
    position: key && openJson<Position>(key, 'provider_profiles', profile.user_id, 'position', profile.position),
    cooling_until: profile.cooling_until?.toISOString() ?? null,
  }
}
