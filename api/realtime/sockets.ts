import type { ApiDeps } from '../deps'
import type { MountedClient } from '../dialects/mount-client'
import type { Limits } from '../limits/limits'
import type { Bounds } from './bounds'
import { createGateway, type Gateway } from './gateway'
import { kesiProtocol } from './kesi-protocol'
import { Realtime } from './realtime'

export interface SocketOptions {
  readonly deps: ApiDeps
  readonly limits?: Limits | undefined
  /** Where replicas hear of news, by connections of their own. */
  readonly databaseUrl: string
  readonly corsOrigins: readonly string[]
  /** Clients whose sockets speak a dialect of their own. */
  readonly clients?: readonly MountedClient[]
  readonly bounds?: Partial<Bounds>
}

/** The sockets of one process, with all that they need to hear what happens. */
export function createSockets(options: SocketOptions): Gateway {
  const { deps, limits, databaseUrl, corsOrigins, clients = [], bounds = {} } = options
  const { acts, accounts, publicUrl } = deps
  const realtime = new Realtime({ acts, databaseUrl })
  const gateway = createGateway({
    ...{ accounts, publicUrl, logger: acts.logger, bounds },
    protocols: [
      ...clients.map(({ sockets, host, socketTokens }) => sockets({ deps, realtime, limits, host, socketTokens })),
      kesiProtocol({ deps, realtime, limits, corsOrigins }),
    ],
  })
  return {
    start() {
      realtime.start()
      gateway.start()
    },
    upgrade: (request, connection, head, caller) => gateway.upgrade(request, connection, head, caller),
    async close() {
      await gateway.close()
      await realtime.close()
    },
  }
}
