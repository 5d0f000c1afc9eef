import { kintaraa } from '../../api/dialects/kintaraa/kintaraa.client'
import { listen, listening, openSocket, ticketOf, type TestSocket } from '../harness/socket'
import type { Journeys, Walker } from './journeys'

export interface Listeners {
  readonly incident: string
  readonly conversation: string
  readonly survivor: Walker
  readonly provider: Walker
  readonly dispatcher: Walker
  /** Was asked, and has refused. */
  readonly former: Walker
  readonly stranger: Walker
}

/**
 * What is said by sockets, and what those hear who may not know of it. They listen on until the answered function is called, after the
 * incident's last act.
 */
export async function walkSockets(journeys: Journeys, people: Listeners): Promise<() => Promise<void>> {
  const { conversation, survivor, provider } = people
  const replica = { url: journeys.url, call: journeys.product.call.bind(journeys.product) }
  const path = `/ws/messages/${conversation}/`
  const others = await everybodyElse(journeys, people)

  const ticket = journeys.canaries.add('ticket of a socket', await ticketOf(replica, provider))
  const other = openSocket(replica, `${path}?ticket=${ticket}`)
  await other.heard('ready')
  const socket = await listening(replica, path, survivor)
  socket.say({
    type: 'message.send',
    client_id: journeys.canaries.word('client id by socket'),
    data: { content: journeys.words('message by socket'), message_type: 'text' },
  })
  await socket.heard('message.accepted')
  await other.heard('message.created')
  // That a survivor is typing is told to nobody.
  other.say({ type: 'typing' })
  await socket.heard('typing')
  await nonsense(journeys, socket)
  await strangersSigningIn(journeys, path)
  await throughTheApp(journeys, people)

  return async () => {
    for (const [, each] of others.listening)
      await each.heard('incident.updated', ({ data }) => data.status === 'cancelled')
    for (const [name, { frames }] of [...others.listening, ...others.refused])
      journeys.unentitled.push({ request: `frames of ${name}`, text: JSON.stringify(frames) })
    for (const each of [socket, other, ...others.listening.map(([, open]) => open)]) each.close()
  }
}

interface Others {
  readonly refused: readonly (readonly [name: string, socket: TestSocket])[]
  readonly listening: Others['refused']
}

/** Sockets of those who may hear that something happened and no word of it, and of those who may hear nothing. */
async function everybodyElse(
  journeys: Journeys,
  { incident, conversation, survivor, dispatcher, former, stranger }: Listeners,
): Promise<Others> {
  const replica = { url: journeys.url }
  const refused = [
    ['a stranger at a case', listen(replica, `/ws/cases/${incident}/`, stranger)],
    ['a stranger at a conversation', listen(replica, `/ws/messages/${conversation}/`, stranger)],
    ['a provider who has refused', listen(replica, `/ws/cases/${incident}/`, former)],
  ] as const
  for (const [, socket] of refused) await socket.closing()
  return {
    refused,
    listening: [
      ['dispatch', await listening(replica, '/ws/dispatch/', dispatcher)],
      ['the survivor', await listening(replica, `/ws/cases/${incident}/`, survivor)],
    ],
  }
}

/** What is refused must not be told to a log either. */
async function nonsense({ canaries }: Journeys, socket: TestSocket): Promise<void> {
  const word = (planted: string): string => canaries.word(`${planted} of a frame`)
  socket.say(`{"type": "${word('broken text')}`)
  socket.say({ type: word('type') })
  socket.say({ type: 'typing', [word('field')]: word('value') })
  await socket.heard('error', () => socket.of('error').length === 3)
  const data = { content: '', [word('field of a message')]: word('value of a message') }
  socket.say({ type: 'message.send', client_id: word('client id'), data })
  await socket.heard('message.rejected')
}

async function strangersSigningIn({ canaries, url }: Journeys, path: string): Promise<void> {
  const word = (planted: string): string => canaries.word(`${planted} of a socket`)
  const made = [
    openSocket({ url }, `${path}?ticket=${word('made-up ticket')}`),
    openSocket({ url }, `${path}?${word('query key')}=${word('query value')}`),
    openSocket({ url }, `/ws/${word('unknown path')}/`),
    listen({ url }, `/ws/cases/${word('id in a path')}/`, { access: word('made-up token') }),
  ]
  for (const socket of made) await socket.closing()
}

/** The Kintaraa app knows no other way than its token in the address: there it must stay, and go into no log. */
async function throughTheApp(journeys: Journeys, { conversation, provider }: Listeners): Promise<void> {
  const { canaries, url } = journeys
  const word = (planted: string): string => canaries.word(`${planted} of the app's socket`)
  const path = `${kintaraa.prefix}/ws/conversations/${conversation}/`
  const token = canaries.add("token in the address of the app's socket", provider.access)
  const socket = openSocket({ url }, `${path}?token=${encodeURIComponent(token)}`)
  await new Promise(resolve => socket.ws.once('open', resolve))
  socket.say({ type: 'send_message', data: { content: journeys.words("message by the app's socket") } })
  await socket.heard('message_received')
  socket.say(`{"type": "${word('broken text')}`)
  socket.say({ type: word('type'), data: { [word('field')]: word('value') } })
  socket.say({ type: 'mark_read', data: { message_id: word('message id') } })
  await socket.heard('error', () => socket.of('error').length === 3)
  socket.close()
  for (const query of [`token=${word('made-up token')}`, `${word('query key')}=${word('query value')}`])
    await openSocket({ url }, `${path}?${query}`).closing()
}
