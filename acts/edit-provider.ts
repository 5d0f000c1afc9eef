import { findAccountKey } from '../db/accounts.repository'
import { markEffect } from '../db/idempotency.repository'
import {
  listOpenOffersOf,
  lockProfileToEdit,
  updateProfile,
  type ProfileToEdit,
} from '../db/provider-profiles.repository'
import { inTransaction } from '../db/unit-of-work'
import { sealColumns } from '../db/vault'
import { coarse, type Position } from '../domain/places'
import { Refusal } from '../domain/refusals'
import type { Availability, Language } from '../domain/statuses'
import type { DataKey } from '../platform/envelope'
import type { ActDeps, By } from './deps'
import { withdrawOffer } from './withdraw-offer'

/** What providers change of their own profile; absent leaves. `unresponsive` is for the engine alone to set. */
export interface ProviderEdit {
  readonly availability?: Exclude<Availability, 'unresponsive'> | undefined
  /** How many cases and offers they take at once. */
  readonly capacity?: number | undefined
  readonly skills?: readonly string[] | undefined
  readonly languages?: readonly Language[] | undefined
  /** Sealed; only a coarse grid point of it is stored in the clear. Null forgets it. */
  readonly position?: Position | null | undefined
}

/**
 * A provider changes their profile, in one transaction under its lock. To say `available` ends every cooldown and silence and wakes
 * the incidents that wait; `off_duty` gives open offers back, whose next candidates are asked at once.
 */
export async function editProvider(deps: ActDeps, providerId: string, edit: ProviderEdit, by: By): Promise<void> {
  await inTransaction(deps.db, async trx => {
    const profile = await lockProfileToEdit(trx, providerId)
    const key = await findAccountKey(trx, deps.vault, providerId)
    if (!profile || !key) throw new Refusal('PROVIDER_NOT_FOUND')
    await updateProfile(
      trx,
      providerId,
      { ...columnsOf(edit, profile), ...placeColumns(edit, providerId, key) },
      wakes(edit, profile),
    )
    await markEffect(trx, by.requestId, providerId)
  })
  if (edit.availability === 'off_duty') await giveOffersBack(deps, providerId, by)
}

function columnsOf(
  { availability, capacity, skills, languages }: ProviderEdit,
  { load }: ProfileToEdit,
): Readonly<Record<string, unknown>> {
  return {
    ...(availability === undefined ? {} : { availability }),
    ...(availability === 'available' ? { cooling_until: null, silences: 0 } : {}),
    // Less capacity than cases under way is said truthfully, and stays a recorded overload until they end.
    ...(capacity === undefined ? {} : { capacity, forced_load: Math.max(0, load - capacity) }),
    ...(skills === undefined ? {} : { skills: [...skills] }),
    ...(languages === undefined ? {} : { languages: [...languages] }),
  }
}

function placeColumns({ position }: ProviderEdit, providerId: string, key: DataKey): Readonly<Record<string, unknown>> {
  if (position === undefined) return {}
  const base = position && coarse(position)
  return {
    ...sealColumns(key, 'provider_profiles', providerId, { position }),
    base_lat: base?.lat ?? null,
    base_lng: base?.lng ?? null,
  }
}

/** Did a slot come free by this, that an incident may be waiting for? */
function wakes(edit: ProviderEdit, profile: ProfileToEdit): 'wakes' | 'sleeps' {
  const capacity = edit.capacity ?? profile.capacity
  const isAvailable = (edit.availability ?? profile.availability) === 'available'
  const isNews = edit.availability === 'available' || capacity > profile.capacity
  return isAvailable && isNews && profile.load < capacity ? 'wakes' : 'sleeps'
}

/** After the commit no new offer can reach them, so what is open now is all there is. */
async function giveOffersBack(deps: ActDeps, providerId: string, { actor, at }: By): Promise<void> {
  const by = { actor, ...(at === undefined ? {} : { at }) }
  for (const { incident_id } of await listOpenOffersOf(deps.db, providerId))
    await withdrawOffer(deps, { incidentId: incident_id, providerId, reason: 'off_duty' }, by)
}
