import { Agent, request } from 'node:http'

/** An answer of the API, its JSON parsed. */
export interface Reply {
  readonly status: number
  readonly body: Record<string, unknown>
}

export interface Call {
  readonly method: 'GET' | 'POST' | 'PATCH'
  readonly path: string
  readonly token: string
  readonly body?: unknown
}

/** Calls the API over connections that stay open, at most `sockets` of them, as a proxy in front of it would. */
export class Caller {
  readonly #agent: Agent

  constructor(
    private readonly base: string,
    sockets: number,
  ) {
    this.#agent = new Agent({ keepAlive: true, maxSockets: sockets })
  }

  /** Sends the call and answers what came back; throws when the status is none of `wanted`. */
  async call(call: Call, ...wanted: number[]): Promise<Reply> {
    const reply = await this.#send(call)
    if (wanted.includes(reply.status)) return reply
    throw new Error(`${call.method} ${call.path} answered ${reply.status} ${String(reply.body['code'])}`)
  }

  close(): void {
    this.#agent.destroy()
  }

  #send({ method, path, token, body }: Call): Promise<Reply> {
    const sent = body === undefined ? undefined : Buffer.from(JSON.stringify(body))
    const headers = {
      authorization: `Bearer ${token}`,
      ...(sent && { 'content-type': 'application/json', 'content-length': sent.length }),
    }
    return new Promise((resolve, reject) => {
      const call = request(this.base + path, { method, headers, agent: this.#agent }, answer => {
        const parts: Buffer[] = []
        answer.on('data', (part: Buffer) => parts.push(part))
        answer.on('error', reject)
        answer.on('end', () => {
          const text = Buffer.concat(parts).toString()
          resolve({ status: answer.statusCode ?? 0, body: text === '' ? {} : (JSON.parse(text) as Reply['body']) })
        })
      })
      call.on('error', reject)
      call.end(sent)
    })
  }
}
