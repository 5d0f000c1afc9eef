import { lookup as resolve, type LookupAddress } from 'node:dns'
import { Agent as HttpAgent, type AgentOptions as HttpAgentOptions, type ClientRequestArgs } from 'node:http'
import {
  Agent as HttpsAgent,
  type AgentOptions as HttpsAgentOptions,
  type RequestOptions as HttpsRequestOptions,
} from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import type { Duplex } from 'node:stream'
import { isPublicAddress } from '../../platform/public-address'

/** What a request fails with whose host is, or resolves to, an address that is not public. Its message names no host. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused'
  readonly code = 'ADDRESS_REFUSED'
  constructor() {
    super('The address is not a public one')
  }
}

interface Openness {
  /** Private addresses are fine: for development and tests, never for production. */
  readonly allowPrivate?: boolean
}

/**
 * An agent for addresses that somebody outside has chosen: it connects to public addresses alone (SSRF). The address is judged
 * when a connection is opened, and the one that was judged is the one connected to, so a name that resolves anew gains nothing.
 */
export function publicOnlyAgent({ allowPrivate = false, ...options }: Openness & HttpsAgentOptions = {}): HttpsAgent {
  return allowPrivate ? new HttpsAgent(options) : new PublicOnlyHttpsAgent(options)
}

/** The same for plain HTTP. */
export function publicOnlyHttpAgent({ allowPrivate = false, ...options }: Openness & HttpAgentOptions = {}): HttpAgent {
  return allowPrivate ? new HttpAgent(options) : new PublicOnlyHttpAgent(options)
}

type Connected = (error: Error | null, stream: Duplex) => void

class PublicOnlyHttpsAgent extends HttpsAgent {
  override createConnection(options: HttpsRequestOptions, connected?: Connected): Duplex | null | undefined {
    return refuses(options, connected) ? undefined : super.createConnection(guarded(options), connected)
  }
}

class PublicOnlyHttpAgent extends HttpAgent {
  override createConnection(options: ClientRequestArgs, connected?: Connected): Duplex | null | undefined {
    return refuses(options, connected) ? undefined : super.createConnection(guarded(options), connected)
  }
}

/** A literal address is never looked up, and a socket in the file system has none: both are judged before connecting. */
function refuses({ host, path, socketPath }: ClientRequestArgs, connected?: Connected): boolean {
  const isClosed = Boolean(socketPath ?? path) || (isIP(host ?? '') !== 0 && !isPublicAddress(host ?? ''))
  // Later, as a connection fails: the caller has not yet had the chance to listen.
  if (isClosed) process.nextTick(() => (connected as ((error: Error) => void) | undefined)?.(new AddressRefused()))
  return isClosed
}

const guarded = <Options extends ClientRequestArgs>(options: Options): Options => ({
  ...options,
  lookup: publicLookup(options.lookup ?? resolve),
})

/** Resolves a name to public addresses. One closed address among them refuses them all: such a name is a trick or a mistake. */
function publicLookup(lookup: LookupFunction): LookupFunction {
  return (hostname, options, done) =>
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return done(error, [])
      const addresses = found as LookupAddress[]
      const [first] = addresses
      if (!first || addresses.some(({ address }) => !isPublicAddress(address))) return done(new AddressRefused(), [])
      return options.all ? done(null, addresses) : done(null, first.address, first.family)
    })
}
