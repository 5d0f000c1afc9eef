import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { done } from '../../api/client/kesi-client'
import { at, Person } from './client'
import { NoStage, type Installation } from './installation'

interface Noted {
  readonly pid: number
  readonly incidents: string[]
  readonly accounts: string[]
  readonly availability: Record<string, 'available' | 'busy'>
  policyBefore: string | null
}

const OVER = ['completed', 'closed', 'cancelled']

/**
 * What a play has changed and must change back, noted in the data folder before it happens, so that the next play puts right what a
 * killed one left behind.
 */
export class Changes {
  private constructor(
    private readonly file: string,
    private readonly noted: Noted,
  ) {}

  /** Begins a new list; throws `NoStage` while another play goes on. */
  static begin({ dataDir }: Installation): { changes: Changes; leftBehind: Changes | undefined } {
    const file = join(dataDir, 'demo.json')
    const before = read(file)
    if (before && isAlive(before.pid))
      throw new NoStage('The demo is being played already.', 'wait for its end, or end it with Ctrl-C')
    const noted: Noted = { pid: process.pid, incidents: [], accounts: [], availability: {}, policyBefore: null }
    return { changes: new Changes(file, noted), leftBehind: before && new Changes(file, before) }
  }

  get incidents(): readonly string[] {
    return this.noted.incidents
  }

  reported(incidentId: string): void {
    this.noted.incidents.push(incidentId)
    this.#keep()
  }

  registered(accountId: string): void {
    this.noted.accounts.push(accountId)
    this.#keep()
  }

  /** A demo provider was sent off duty; `before` is what they were. */
  sentHome(email: string, before: 'available' | 'busy'): void {
    this.noted.availability[email] = before
    this.#keep()
  }

  replacedPolicy(policyId: string): void {
    this.noted.policyBefore = policyId
    this.#keep()
  }

  /** Changes everything back: incidents ended, accounts closed, the policy and everybody's duty as before. Answers what could not be. */
  async putBack(installation: Installation, admin: Person, dispatcher: Person): Promise<string[]> {
    const failed: string[] = []
    const attempt = async (what: string, undo: () => Promise<unknown>): Promise<void> => {
      await undo().catch((error: unknown) =>
        failed.push(`${what} (${error instanceof Error ? error.message : 'unknown'})`),
      )
    }
    const { incidents, accounts, availability, policyBefore } = this.noted
    if (policyBefore !== null)
      await attempt('the policy', () => done(admin.api.POST('/api/dispatch/policies/{id}/activate/', at(policyBefore))))
    for (const id of accounts)
      await attempt('an account of the play', () =>
        done(admin.api.PATCH('/api/auth/users/{id}/', { ...at(id), body: { is_active: false } })),
      )
    for (const id of incidents) await attempt('a case of the play', () => endIncident(dispatcher, id))
    for (const [email, before] of Object.entries(availability))
      await attempt(`the duty of ${email}`, () => setAvailability(installation, email, before))
    if (failed.length === 0) rmSync(this.file, { force: true })
    return failed
  }

  #keep(): void {
    writeFileSync(`${this.file}.new`, JSON.stringify(this.noted), { mode: 0o600 })
    renameSync(`${this.file}.new`, this.file)
  }
}

async function endIncident(dispatcher: Person, id: string): Promise<void> {
  const { status } = await dispatcher.see(id)
  if (OVER.includes(status)) return
  await done(dispatcher.api.POST('/api/incidents/{id}/cancel/', { ...at(id), body: { reason: 'play_over' } }))
}

async function setAvailability(
  { url, logins }: Installation,
  email: string,
  availability: 'available' | 'busy',
): Promise<void> {
  const login = logins.providers.find(each => each.email === email)
  if (!login) throw new Error('no log-in is known')
  const { password } = login
  const provider = await Person.signIn(url, email, { email, password })
  await done(provider.api.PATCH('/api/providers/me/', { body: { availability } }))
}

function read(file: string): Noted | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Noted
  } catch {
    return undefined
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
