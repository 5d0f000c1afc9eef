import { Caller } from './caller'
import { addPeople, NAIROBI, type SignedInPerson } from './people'
import { usePolicy } from './record'
import type { Stack } from './stack'

/** Reports as their size is in life: two paragraphs, a place, a few details. */
const REPORT = {
  title: 'Needs help at home',
  description: 'She was hurt last night and does not dare to go back to the house. '.repeat(6),
  incident_type: 'physical',
  location: { ...NAIROBI, text: 'Behind the market, second gate' },
  details: { children: 2, injuries: 'arm', wishes: 'a woman' },
}

/** The running product with signed-in reporters, spoken to over HTTP as their apps would. */
export class Product {
  #next = 0

  private constructor(
    readonly caller: Caller,
    private readonly reporters: readonly SignedInPerson[],
  ) {}

  /** Starts the product of this stack, with these settings, under a calm policy, with a dispatcher on duty and 100 reporters. */
  static async start(stack: Stack, settings: Readonly<Record<string, string>> = {}): Promise<Product> {
    await usePolicy(stack)
    await addPeople(stack, 'dispatcher', 1)
    const reporters = await addPeople(stack, 'survivor', 100)
    await stack.startProduct(settings)
    return new Product(new Caller(stack.url, 100), reporters)
  }

  /** Reports an incident and answers its id; throws when the answer's status is none of `wanted`. */
  async report(urgency: 'urgent' | 'routine', ...wanted: string[]): Promise<string> {
    const reporter = this.reporters[this.#next++ % this.reporters.length]
    if (!reporter) throw new Error('nobody reports')
    const call = {
      method: 'POST',
      path: '/api/incidents/',
      token: reporter.token,
      body: { ...REPORT, urgency },
    } as const
    const { body } = await this.caller.call(call, 201)
    if (!wanted.includes(String(body['status'])))
      throw new Error(`a report is ${String(body['status'])}, not ${wanted.join()}`)
    return String(body['id'])
  }

  async accept(incidentId: string, { token }: SignedInPerson, ...wanted: number[]): Promise<number> {
    const call = { method: 'POST', path: `/api/incidents/${incidentId}/accept/`, token, body: {} } as const
    return (await this.caller.call(call, ...(wanted.length > 0 ? wanted : [200]))).status
  }

  async setStatus(
    incidentId: string,
    { token }: SignedInPerson,
    body: { status: string; outcome?: string },
  ): Promise<void> {
    await this.caller.call({ method: 'POST', path: `/api/incidents/${incidentId}/status/`, token, body }, 200)
  }

  close(): void {
    this.caller.close()
  }
}
