import type { Reply } from '../harness/api'
import type { TestProduct } from '../harness/product'

/** What the people of a story say of themselves when they register. */
export interface Registration {
  readonly role: 'survivor' | 'provider' | 'dispatcher'
  readonly [field: string]: unknown
}

const PASSWORD = 'a sentence that only I know'

/** Somebody who uses the product over HTTP alone; every call that is refused unexpectedly ends the story. */
export class Person {
  private constructor(
    private readonly product: TestProduct,
    readonly id: string,
    private readonly token: string,
    readonly email: string,
  ) {}

  static async registers(product: TestProduct, name: string, more: Registration): Promise<Person> {
    const email = `${name}@story.example`
    const body = { email, password: PASSWORD, first_name: name, ...more }
    const { user, access } = await product.ask('POST', '/api/auth/register/', { body }, 201)
    return new Person(product, String(user.id), String(access), email)
  }

  /** The same person on another device. */
  async signsInAgain(): Promise<Person> {
    const body = { email: this.email, password: PASSWORD }
    const { access } = await this.product.ask('POST', '/api/auth/login/', { body }, 200)
    return new Person(this.product, this.id, String(access), this.email)
  }

  get(path: string): Promise<Reply['body']> {
    return this.product.ask('GET', path, { token: this.token }, 200)
  }

  post(path: string, body: unknown = {}): Promise<Reply['body']> {
    return this.product.ask('POST', path, { token: this.token, body }, 200, 201, 202, 204)
  }

  patch(path: string, body: unknown): Promise<Reply['body']> {
    return this.product.ask('PATCH', path, { token: this.token, body }, 200)
  }

  /** Tries something that may be refused, and answers what came back. */
  tries(method: string, path: string, body?: unknown): Promise<Reply> {
    return this.product.call(method, path, { token: this.token, ...(body !== undefined && { body }) })
  }

  /** Uploads a file for a message and answers its id. */
  async uploads(name: string, type: string, content: Buffer): Promise<string> {
    const form = new FormData()
    form.append('file', new Blob([new Uint8Array(content)], { type }), name)
    const reply = await fetch(`http://127.0.0.1:${this.product.config.port}/api/messages/attachments/`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.token}` },
      body: form,
    })
    if (reply.status !== 201) throw new Error(`the upload answered ${reply.status}: ${await reply.text()}`)
    return String(((await reply.json()) as { id: string }).id)
  }

  /** The codes of the notices in the inbox, newest first. */
  async inbox(): Promise<string[]> {
    const { results } = await this.get('/api/notices/')
    return (results as { kind: string }[]).map(({ kind }) => kind)
  }
}
