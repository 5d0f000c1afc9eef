import { randomBytes } from 'node:crypto'
import type { Changes } from './changes'
import { done } from '../../api/client/kesi-client'
import { at, Person, type Incident } from './client'
import { PLAYED_TYPE, useFastPolicy } from './fast-policy'
import { NoStage, type Installation } from './installation'
import { timed, type Stage } from './stage'

/** Accounts of the play, made anew each time. */
const DOMAIN = 'morning.kesi.example'

/** Health workers who are at work, each with one place. */
const AT_WORK = [
  { name: 'Akinyi', position: { lat: -1.316, lng: 36.881 } },
  { name: 'Barasa', position: { lat: -1.311, lng: 36.873 } },
  { name: 'Chela', position: { lat: -1.322, lng: 36.893 } },
] as const
const SURVIVORS = ['Neema', 'Wambui', 'Halima', 'Zawadi'] as const

interface Profile {
  readonly availability?: 'available' | 'busy'
  readonly position?: { lat: number; lng: number }
}

/** Everybody and everything a scene needs. */
export class Morning {
  readonly #mark = randomBytes(4).toString('hex')
  readonly #workers = new Map<string, Person>()
  readonly #survivors = new Map<string, Person>()

  constructor(
    readonly stage: Stage,
    readonly installation: Installation,
    readonly staff: { readonly admin: Person; readonly dispatcher: Person },
    private readonly changes: Changes,
  ) {}

  /** Brings everybody to their places and the fast policy into force. */
  async prepare(): Promise<void> {
    await this.#sendDemoWorkersHome()
    await this.#refuseStrangers()
    for (const name of SURVIVORS) this.#survivors.set(name, await this.#register(name, { role: 'survivor' }))
    for (const { name, position } of AT_WORK) await this.#hire(name, { availability: 'available', position })
    await this.#hire('Dalmas', { availability: 'busy' })
    const version = await useFastPolicy(this.admin, this.changes)
    this.stage.tell(`Achieng, the admin, puts policy version ${version} in force: seconds where there are minutes.`)
  }

  get admin(): Person {
    return this.staff.admin
  }

  get dispatcher(): Person {
    return this.staff.dispatcher
  }

  get incidents(): readonly string[] {
    return this.changes.incidents
  }

  get workers(): readonly Person[] {
    return AT_WORK.map(({ name }) => this.worker(name))
  }

  worker(name: string): Person {
    return known(this.#workers, name)
  }

  survivor(name: (typeof SURVIVORS)[number]): Person {
    return known(this.#survivors, name)
  }

  /** Somebody reports; answers the incident as the answer showed it, and how many milliseconds that took. */
  async report(survivor: Person, urgency: 'urgent' | 'routine'): Promise<{ incident: Incident; ms: number }> {
    const body = {
      urgency,
      incident_type: 'physical',
      description: 'She needs somebody to come.',
      location: { lat: -1.315, lng: 36.88 },
    } as const
    const { result: incident, ms } = await timed(() => done(survivor.api.POST('/api/incidents/', { body })))
    this.changes.reported(incident.id)
    return { incident, ms }
  }

  /** Whose phone shows an open offer of the incident; somebody's must, within two seconds. */
  async offeredTo(incidentId: string, except: readonly Person[] = []): Promise<Person> {
    return this.stage.until('somebody is asked', 2, async () => {
      for (const worker of this.workers) {
        if (!except.includes(worker) && (await worker.askedFor()).includes(incidentId)) return worker
      }
      return undefined
    })
  }

  /** The responder starts and completes, and the incident says so. */
  async workOn(worker: Person, incidentId: string, outcome: 'resolved' | 'referred'): Promise<void> {
    const set = (body: { status: 'in_progress' } | { status: 'completed'; outcome: typeof outcome }) =>
      done(worker.api.POST('/api/incidents/{id}/status/', { ...at(incidentId), body }))
    this.stage.expect('the status after the start', (await set({ status: 'in_progress' })).status, 'in_progress')
    this.stage.expect('the status after the work', (await set({ status: 'completed', outcome })).status, 'completed')
  }

  async #hire(name: string, profile: Profile): Promise<void> {
    const worker = await this.#register(name, { role: 'provider', provider_type: PLAYED_TYPE })
    await done(worker.api.PATCH('/api/providers/me/', { body: { ...profile, capacity: 1 } }))
    await done(
      this.admin.api.POST('/api/auth/users/{id}/verify/', { ...at(worker.id), body: { decision: 'verified' } }),
    )
    this.#workers.set(name, worker)
  }

  async #register(name: string, more: { role: 'survivor' } | { role: 'provider'; provider_type: typeof PLAYED_TYPE }) {
    const person = await Person.register(this.installation.url, name, {
      ...more,
      email: `${name.toLowerCase()}-${this.#mark}@${DOMAIN}`,
      password: randomBytes(18).toString('base64url'),
      first_name: name,
    })
    this.changes.registered(person.id)
    return person
  }

  /** The demo's own health workers would be asked too, so they go off duty until the play is over. */
  async #sendDemoWorkersHome(): Promise<void> {
    for (const { email, password, provider_type } of this.installation.logins.providers) {
      if (provider_type !== PLAYED_TYPE) continue
      const worker = await Person.signIn(this.installation.url, email, { email, password })
      const { availability } = await done(worker.api.GET('/api/providers/me/'))
      if (availability === 'off_duty') continue
      this.changes.sentHome(email, availability === 'busy' ? 'busy' : 'available')
      await done(worker.api.PATCH('/api/providers/me/', { body: { availability: 'off_duty' } }))
    }
  }

  async #refuseStrangers(): Promise<void> {
    const query = { provider_type: PLAYED_TYPE } as const
    const { count } = await done(this.dispatcher.api.GET('/api/dispatch/available-providers/', { params: { query } }))
    if (count === 0) return
    throw new NoStage(
      `${count} health workers (${PLAYED_TYPE}) of this installation are at work, and the play would send them offers.`,
      'ask them to go off duty for a minute, or play in an empty installation: KESI_DATA_DIR=.kesi-demo npm start',
    )
  }
}

function known<T>(people: ReadonlyMap<string, T>, name: string): T {
  const person = people.get(name)
  if (!person) throw new Error(`${name} is not in the play`)
  return person
}
