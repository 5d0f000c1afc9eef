import type { Config } from '../../platform/config'
import { kintaraa } from './kintaraa/kintaraa.client'
import type { MountedClient } from './mount-client'

/** The clients that this installation serves in a dialect of their own. */
export function clientsOf({
  dialectKintaraa,
  dialectKintaraaHost: host,
  dialectKintaraaSocketTokens: socketTokens,
}: Pick<Config, 'dialectKintaraa' | 'dialectKintaraaHost' | 'dialectKintaraaSocketTokens'>): MountedClient[] {
  const isServed = dialectKintaraa === undefined ? host !== undefined : dialectKintaraa === 'on'
  return isServed ? [{ ...kintaraa, host, socketTokens }] : []
}
