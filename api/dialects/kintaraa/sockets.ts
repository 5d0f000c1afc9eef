import { Refusal } from '../../../domain/refusals'
import type { Permission } from '../../../domain/permissions'
import { isUuid } from '../../../platform/ids'
import { judge } from '../../realtime/access'
import type { Protocol, SocketRequest } from '../../realtime/gateway'
import type { Visit } from '../../realtime/live-socket'
import { readerOfToken } from '../../realtime/sign-in'
import type { SignedIn } from '../../route'
import type { SocketParts } from '../mount-client'
import { ConversationVisit } from './conversation.visit'
import { PREFIX } from './define'
import { ProviderVisit } from './provider.visit'

/** A socket gets no new token: one that reconnects with its old one works again only when the app next asks for something else. */
const EXPIRED_AT_MOST_MS = 120_000

const CONVERSATION = /^\/ws\/conversations\/([^/]+)\/?$/
const PROVIDERS = /^\/ws\/providers\/?$/

/**
 * The app's sockets. It knows no way to sign in but a token in the address, and takes a socket that opens for a success, whatever
 * comes next: so everything that can be refused is refused before there is a socket.
 */
export function appSockets(parts: SocketParts): Protocol {
  const admitted = { count: 0 }
  return {
    async visit(request) {
      const path = pathOf(request, parts.host)
      if (path === undefined) return undefined
      const conversation = CONVERSATION.exec(path)?.[1]
      if (conversation !== undefined) {
        const reader = await signIn(parts, request, { permission: 'message:use', admitted })
        return atConversation(parts, reader, conversation)
      }
      if (!PROVIDERS.test(path)) throw new Refusal('ROUTE_NOT_FOUND')
      return new ProviderVisit(parts, await signIn(parts, request, { permission: 'incident:answer', admitted }))
    },
  }
}

/** The app's own path, `/ws/...`: below its prefix, or at the root of its own host. */
function pathOf({ path, host }: SocketRequest, ownHost: string | undefined): string | undefined {
  if (path.startsWith(`${PREFIX}/`)) return path.slice(PREFIX.length)
  return ownHost !== undefined && host === ownHost ? path : undefined
}

interface Purpose {
  readonly permission: Permission
  readonly admitted: { count: number }
}

/** A token in an address ends in the logs and histories of others: each is counted, so that it shows when nobody needs it any more. */
async function signIn(
  { deps, socketTokens = 'on' }: SocketParts,
  { query }: SocketRequest,
  { permission, admitted }: Purpose,
): Promise<SignedIn> {
  if (socketTokens === 'off') throw new Refusal('FORBIDDEN', { detail: 'No token is taken in an address here.' })
  const token = query.get('token')
  if (!token) throw new Refusal('TOKEN_MISSING')
  const { accounts, acts } = deps
  const lenient = { ...accounts, now: () => new Date(accounts.now().getTime() - EXPIRED_AT_MOST_MS) }
  const reader = await readerOfToken(lenient, token, permission)
  admitted.count += 1
  acts.logger.info({ user: reader.id, legacy_socket_tokens_total: admitted.count }, 'legacy socket token')
  return reader
}

async function atConversation(parts: SocketParts, reader: SignedIn, id: string): Promise<Visit> {
  if (!isUuid(id)) throw new Refusal('CONVERSATION_NOT_FOUND')
  const channel = { kind: 'conversation', subject: id.toLowerCase() } as const
  const [access] = await judge(parts.deps.acts.db, [{ reader, channel }])
  if (access instanceof Refusal) throw access
  return new ConversationVisit(parts, reader, channel.subject)
}
