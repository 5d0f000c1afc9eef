import type { z } from 'zod'
import type { ActDeps } from '../../acts/deps'
import { findProfile, listOffered, listProfiles, type ProfileFilter } from '../../db/provider-profiles.repository'
import { Refusal } from '../../domain/refusals'
import { offeredView } from '../incidents/incidents.views'
import type { offeredSchema, profileSchema, providerSchema } from './providers.schemas'
import { profileView, providerView } from './providers.views'

type Reads = Pick<ActDeps, 'db' | 'vault'>

/** A provider's own profile. Throws `PROVIDER_NOT_FOUND`. */
export async function readProfile({ db, vault }: Reads, userId: string): Promise<z.input<typeof profileSchema>> {
  const profile = await findProfile(db, userId)
  if (!profile) throw new Refusal('PROVIDER_NOT_FOUND')
  return profileView(vault, profile)
}

/** A provider as dispatch sees them. Throws `PROVIDER_NOT_FOUND`. */
export async function readProvider({ db, vault }: Reads, userId: string): Promise<z.input<typeof providerSchema>> {
  const profile = await findProfile(db, userId)
  if (!profile) throw new Refusal('PROVIDER_NOT_FOUND')
  return providerView(vault, profile)
}

/** A page of providers. */
export async function readProviders(
  { db, vault }: Reads,
  filter: ProfileFilter,
  window: { limit: number; offset: number },
): Promise<{ count: number; results: z.input<typeof providerSchema>[] }> {
  const { count, results } = await listProfiles(db, filter, window)
  return { count, results: results.map(profile => providerView(vault, profile)) }
}

/** A provider's open offers, each with the preview of its incident (S3), the first to end first. */
export async function readOffersTo({ db, vault }: Reads, userId: string): Promise<z.input<typeof offeredSchema>[]> {
  return (await listOffered(db, userId)).map(row => offeredView(vault, row))
}
