import { eventually } from '../harness/eventually'
import type { Someone } from '../harness/api'
import { openSocket, type Replica, type TestSocket } from '../harness/socket'
import type { App } from './app'

/** A case that a provider works on, and its conversation. */
export interface AppTalk {
  readonly incident: string
  readonly id: string
  readonly provider: Someone
}

export const PROVIDERS = '/clients/kintaraa/ws/providers/'
export const conversationPath = (id: string): string => `/clients/kintaraa/ws/conversations/${id}/`

/** What the app does with its sockets, in the words of their tests; `app` is there once the tests run. */
export function appSocketsOf(app: () => App) {
  const socketOf = (
    path: string,
    token?: string,
    replica: Pick<Replica, 'url'> = app().people.api,
    headers: Record<string, string> = {},
  ): TestSocket =>
    openSocket(replica, token === undefined ? path : `${path}?token=${encodeURIComponent(token)}`, { headers })
  const isOpen = (socket: TestSocket): Promise<boolean> =>
    eventually(async () => {
      if (socket.closed) throw new Error(`refused with ${socket.refusedWith}`)
      return socket.ws.readyState === socket.ws.OPEN || undefined
    })
  async function opened(path: string, by: Someone, replica?: Pick<Replica, 'url'>): Promise<TestSocket> {
    const socket = socketOf(path, by.access, replica)
    await isOpen(socket)
    return socket
  }
  /** The status that answered instead of a socket; undefined when one was opened and closed. */
  const refusal = async (socket: TestSocket): Promise<number | undefined> => {
    await socket.closing()
    return socket.refusedWith
  }

  async function talk(): Promise<AppTalk> {
    const provider = await app().people.onlyProvider({ capacity: 9 })
    const { body } = await app().report()
    await app().call('PATCH', `/incidents/${body.id}/accept/`, { by: provider })
    const mine = await app().call('GET', `/messaging/conversations/?incident_id=${body.id}`, { by: provider })
    return { incident: body.id, id: mine.body.results[0].id, provider }
  }

  /** Dispatch gives the case to another provider. */
  async function handOver({ incident }: Pick<AppTalk, 'incident'>, next: Someone): Promise<void> {
    const body = { incident, provider: next.id, reason: 'nearer_provider' }
    const { status } = await app().people.post('/api/dispatch/reassign/', body, app().people.dispatcher)
    if (status !== 200) throw new Error(`the hand-over was answered ${status}`)
  }

  return { socketOf, isOpen, opened, refusal, talk, handOver }
}

export const shut = (...sockets: TestSocket[]): void => sockets.forEach(each => each.close())
