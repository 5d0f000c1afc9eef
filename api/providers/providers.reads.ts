import type { z } from 'zod'
import type { ActDeps } from '../../acts/deps'
import { readProviderMetrics } from '../../db/provider-metrics.repository'
import {
  findInDirectory,
  findProfile,
  listDirectory,
  listOffered,
  type DirectoryFilter,
  type DirectoryRow,
} from '../../db/provider-profiles.repository'
import { Refusal } from '../../domain/refusals'
import { offeredView } from '../incidents/incidents.views'
import { readNames } from './provider-names'
import type { metricsSchema, offeredSchema, profileSchema, providerSchema } from './providers.schemas'
import { profileView, providerView } from './providers.views'

type Reads = Pick<ActDeps, 'db' | 'vault'>
type ProviderView = z.input<typeof providerSchema>

/** A provider's own profile. Throws `PROVIDER_NOT_FOUND`. */
export async function readProfile({ db, vault }: Reads, userId: string): Promise<z.input<typeof profileSchema>> {
  const profile = await findProfile(db, userId)
  if (!profile) throw new Refusal('PROVIDER_NOT_FOUND')
  return profileView(vault, profile)
}

/** A provider's own figures. Throws `PROVIDER_NOT_FOUND`. */
export async function readMetrics({ db }: Reads, userId: string): Promise<z.input<typeof metricsSchema>> {
  const metrics = await readProviderMetrics(db, userId)
  if (!metrics) throw new Refusal('PROVIDER_NOT_FOUND')
  return metrics
}

/** A provider as dispatch sees them. Throws `PROVIDER_NOT_FOUND`. */
export async function readProvider(deps: Reads, userId: string): Promise<ProviderView> {
  const [view] = await viewsOf(deps, await findInDirectory(deps.db, [userId]))
  if (!view) throw new Refusal('PROVIDER_NOT_FOUND')
  return view
}

/** A page of providers. */
export async function readProviders(
  deps: Reads,
  filter: DirectoryFilter,
  window: { limit: number; offset: number },
): Promise<{ count: number; results: ProviderView[] }> {
  const { count, results } = await listDirectory(deps.db, filter, window)
  return { count, results: await viewsOf(deps, results) }
}

/** These providers in this order; who is none is left out. */
export async function readProvidersById(deps: Reads, ids: readonly string[]): Promise<ProviderView[]> {
  const rows = new Map((await findInDirectory(deps.db, ids)).map(row => [row.user_id, row]))
  return viewsOf(
    deps,
    ids.flatMap(id => rows.get(id) ?? []),
  )
}

async function viewsOf(deps: Reads, rows: readonly DirectoryRow[]): Promise<ProviderView[]> {
  const names = await readNames(deps, rows)
  return rows.map(row => providerView(row, names.get(row.user_id) ?? null))
}

/** A provider's open offers, each with the preview of its incident (S3), the first to end first. */
export async function readOffersTo({ db, vault }: Reads, userId: string): Promise<z.input<typeof offeredSchema>[]> {
  return (await listOffered(db, userId)).map(row => offeredView(vault, row))
}
