import type { Reply, Someone } from '../harness/api'
import type { People } from './people'

export interface Talk {
  readonly incident: string
  readonly conversation: string
  readonly provider: Someone
}

/** What people do with conversations over HTTP, in the words of its tests; `people` are there once the tests run. */
export function conversations(people: () => People) {
  const send = (body: object, by: Someone, headers?: Record<string, string>): Promise<Reply> =>
    people().post('/api/messages/', body, by, headers)
  const read = (id: string, by: Someone, more = ''): Promise<Reply> =>
    people().get(`/api/messages/?conversation_id=${id}${more}`, by)
  const contents = async (id: string, by: Someone, more = ''): Promise<string[]> =>
    (await read(id, by, more)).body.results.map((each: { content: string }) => each.content)
  const mine = (by: Someone, more = ''): Promise<Reply> => people().get(`/api/messages/conversations/${more}`, by)
  const act = (id: string, name: string, body: object, by: Someone): Promise<Reply> =>
    people().post(`/api/incidents/${id}/${name}/`, body, by)
  const inbox = async (
    by: Someone,
  ): Promise<{ kind: string; reference: string; read_at: string | null; id: string }[]> =>
    (await people().get('/api/notices/?page_size=100', by)).body.results.filter(
      (each: { kind: string }) => each.kind === 'message.received',
    )

  /** An incident that somebody accepted, with its conversation. */
  async function talk(): Promise<Talk> {
    const provider = await people().onlyProvider({ capacity: 9 })
    const { id } = await people().report()
    expect((await act(id, 'accept', {}, provider)).status).toBe(200)
    const { body } = await mine(people().survivor, `?incident=${id}`)
    return { incident: id, conversation: body.results[0].id, provider }
  }

  /** Gives the incident to another provider. */
  async function handOver({ incident }: Talk): Promise<Someone> {
    const next = await people().provider({ capacity: 9 })
    const body = { incident, provider: next.id, reason: 'nearer_provider' }
    expect((await people().post('/api/dispatch/reassign/', body, people().dispatcher)).status).toBe(200)
    return next
  }

  return { send, read, contents, mine, act, inbox, talk, handOver }
}
