import type { Reply } from '../harness/api'
import type { TestProduct } from '../harness/product'
import { eventually } from '../harness/eventually'
import type { Canaries } from './canaries'
import { walkFurther, walkLogout, walkMessages } from './further-journeys'
import { walkKintaraa } from './kintaraa-journeys'
import { walkAddresses, walkNewPassword, walkNotices, walkSystems } from './notice-journeys'
import type { Sender, Senders } from './senders'

/** Somebody in the journeys. */
export interface Walker {
  readonly id: string
  readonly access: string
}

interface Said {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: string
  readonly body?: unknown
  /** A body as vendors send theirs. */
  readonly form?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  /** The status that must come back. */
  readonly wants: number
  /** Is the answer to somebody who may not see what was planted? */
  readonly unentitled?: 'unentitled'
}

/** Everything that people do with the product, over HTTP, with a planted word in every field that takes words. */
export class Journeys {
  /** Which fields carried a planted word, as `path field`. */
  readonly planted = new Set<string>()
  /** Answers to people who may not see what was planted, by the request. */
  readonly unentitled: { readonly request: string; readonly text: string }[] = []

  constructor(
    readonly product: TestProduct,
    readonly canaries: Canaries,
    readonly senders: Senders,
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.product.config.port}`
  }

  /** Waits until this sender has got so much. */
  async caughtBy(sender: Sender, count: number): Promise<void> {
    await eventually(async () => this.senders.counts[sender] >= count, { withinMs: 20_000, everyMs: 50 }).catch(() => {
      throw new Error(`${sender} got ${this.senders.counts[sender]}, not ${count}`)
    })
  }

  async say(method: string, route: string, by: Walker | null, said: Said): Promise<Reply['body']> {
    const path = route.replaceAll(/\{(\w+)\}/g, (_, name: string) => said.params?.[name] ?? name)
    this.#notePlanted(route, said.body, [])
    for (const value of Object.values(said.form ?? {})) this.#notePlanted(route, value, ['*'])
    const body = said.form ? new URLSearchParams(said.form).toString() : said.body
    const reply = await this.product.call(method, `${path}${said.query ?? ''}`, {
      ...(by && { token: by.access }),
      ...(body !== undefined && { body }),
      headers: { ...(said.form && { 'content-type': 'application/x-www-form-urlencoded' }), ...said.headers },
    })
    const text = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body)
    const request = `${method} ${route}`
    if (reply.status !== said.wants) throw new Error(`${request} answered ${reply.status}: ${text}`)
    if (said.unentitled) this.unentitled.push({ request, text })
    return reply.body
  }

  #notePlanted(route: string, value: unknown, path: readonly string[]): void {
    if (typeof value === 'string') {
      // What a report says in fields of its own may be as deep as it likes, and what a browser says beside a passkey.
      const [depth] = ['details', 'clientExtensionResults'].map(name => path.indexOf(name)).filter(index => index >= 0)
      const open = depth !== undefined && path[depth] === 'details' ? ['*'] : []
      const field = (depth === undefined ? path : [...path.slice(0, depth + 1), ...open]).join('.')
      if (this.canaries.find('', value).length > 0) this.planted.add(`${route} ${field}`)
    } else if (value instanceof FormData) {
      for (const [name, each] of value)
        this.#notePlanted(route, typeof each === 'string' ? each : null, [...path, name])
    } else if (Array.isArray(value)) {
      for (const each of value) this.#notePlanted(route, each, [...path, '*'])
    } else if (typeof value === 'object' && value !== null) {
      for (const [name, each] of Object.entries(value)) this.#notePlanted(route, each, [...path, name])
    }
  }

  /** A sentence with a new word in it. */
  words(planted: string): string {
    return `Words that hold ${this.canaries.word(planted)} among others`
  }

  async walk(): Promise<void> {
    const people = await this.#gather()
    await walkAddresses(this, people)
    await walkSystems(this, people)
    await this.#fromReportToReopening(people)
    await this.#editedAndHandedBack(people)
    await this.#decidedByDispatch(people)
    await walkKintaraa(this, people)
    await this.#escalated(people)
    await this.#badInput(people)
    await walkNotices(this, people)
    await walkFurther(this, { ...people, provider: people.stranger })
    await walkNewPassword(this, people.dispatcher)
    await this.product.untilAllHeard(20_000)
  }

  async #gather() {
    const admin = await this.product.someone('admin')
    const email = this.canaries.email('invited e-mail')
    const { token } = await this.say('POST', '/api/auth/invitations/', admin, {
      body: { email, role: 'dispatcher' },
      wants: 201,
    })
    this.canaries.add('invitation token', String(token))
    const dispatcher = await this.#register('dispatcher', { email, invitation: token })
    const survivor = await this.#register('survivor', { username: this.canaries.word('survivor username') })
    const providers = [
      await this.#register('provider', { provider_type: 'gbv_rescue' }),
      await this.#register('provider', { provider_type: 'gbv_rescue' }),
      await this.#register('provider', { provider_type: 'gbv_rescue' }),
    ]
    const stranger = await this.#register('provider', { provider_type: 'gbv_rescue' })
    for (const { id } of providers)
      await this.say('POST', '/api/auth/users/{id}/verify/', admin, {
        params: { id },
        body: { decision: 'verified' },
        wants: 200,
      })
    const refusal = { decision: 'refused', reason: this.words('refusal of a provider') }
    await this.say('POST', '/api/auth/users/{id}/verify/', admin, {
      params: { id: stranger.id },
      body: refusal,
      wants: 200,
    })
    for (const provider of providers) await this.#prepare(provider)
    await this.#ownAccount(survivor)
    await this.say('GET', '/api/auth/users/', admin, { wants: 200 })
    return { admin, dispatcher, survivor, providers, stranger }
  }

  async #register(
    role: string,
    more: Record<string, unknown>,
  ): Promise<Walker & { name: Record<string, unknown>; password: string }> {
    const password = this.canaries.add(`${role} password`, `pw-${this.canaries.word(`${role} password's word`)}`)
    const name = more['username']
      ? { username: more['username'] }
      : { email: more['email'] ?? this.canaries.email(`${role} e-mail`) }
    const body = {
      role,
      ...name,
      password,
      confirm_password: password,
      first_name: this.words(`${role} first name`),
      last_name: this.words(`${role} last name`),
      phone: this.canaries.phone(`${role} phone`),
      ...more,
    }
    const { user, access, refresh } = await this.say('POST', '/api/auth/register/', null, { body, wants: 201 })
    this.canaries.add(`${role} refresh token`, String(refresh))
    return { id: String(user.id), access: String(access), name, password }
  }

  async #prepare(provider: Walker): Promise<void> {
    const position = {
      lat: this.canaries.coordinate('provider latitude', -1),
      lng: this.canaries.coordinate('provider longitude', 36),
    }
    const body = { availability: 'available', capacity: 5, languages: ['sw'], position }
    await this.say('PATCH', '/api/providers/me/', provider, { body, wants: 200 })
  }

  async #ownAccount(person: Walker & { name: Record<string, unknown>; password: string }): Promise<void> {
    for (const [method, route] of [
      ['PATCH', '/api/auth/me/'],
      ['PUT', '/api/auth/me/update/'],
    ] as const) {
      const body = {
        first_name: this.words(`${route} first name`),
        last_name: this.words(`${route} last name`),
        phone: this.canaries.phone(`${route} phone`),
      }
      await this.say(method, route, person, { body, wants: 200 })
    }
    const login = { body: { ...person.name, password: person.password }, wants: 200 }
    const { refresh } = await this.say('POST', '/api/auth/login/', null, login)
    this.canaries.add('refresh token of a log-in', String(refresh))
    const next = await this.say('POST', '/api/auth/refresh/', null, { body: { refresh }, wants: 200 })
    this.canaries.add('refreshed token', String(next.refresh))
    const last = await this.say('POST', '/api/auth/token/refresh/', null, {
      body: { refresh: next.refresh },
      wants: 200,
    })
    this.canaries.add('token refreshed again', String(last.refresh))
    await walkLogout(this, person, String(last.refresh))
    const again = await this.say('POST', '/api/auth/login/', null, login)
    Object.assign(person, { access: String(again.access) })
    const unknown = {
      email: this.canaries.email('e-mail of an unknown log-in'),
      password: this.canaries.word('tried password'),
    }
    await this.say('POST', '/api/auth/login/', null, { body: unknown, wants: 401 })
  }

  #story(planted: string): Record<string, unknown> {
    return {
      title: this.words(`${planted} title`),
      description: `${this.words(`${planted} description`)}\n${'and so on '.repeat(200)}`,
      incident_type: 'physical',
      location: {
        lat: this.canaries.coordinate(`${planted} latitude`, -1),
        lng: this.canaries.coordinate(`${planted} longitude`, 36),
        text: this.words(`${planted} place`),
      },
      details: {
        // The names of fields of one's own are words too.
        [this.canaries.word(`${planted} details' key`)]: this.words(`${planted} details`),
        inner: [{ note: this.words(`${planted} inner details`) }],
      },
      contact_safety: {
        channel: 'app',
        wished_gender: 'female',
        safety_flags: ['injured'],
        note: this.words(`${planted} contact safety`),
      },
      subject: {
        name: this.words(`${planted} subject's name`),
        phone: this.canaries.phone(`${planted} subject's phone`),
        note: this.words(`${planted} subject`),
      },
    }
  }

  async #report(by: Walker, urgency: string, wants = 201): Promise<string> {
    const body = { ...this.#story('report'), urgency, client_id: this.canaries.word('client id') }
    const headers = { 'idempotency-key': this.canaries.word('idempotency key') }
    return String((await this.say('POST', '/api/incidents/', by, { body, headers, wants })).id)
  }

  /** Whom of these the product asks about this incident, once it does. */
  async asked(id: string, providers: readonly Walker[]): Promise<Walker> {
    const offer = await eventually(() =>
      this.product.db('offers').where({ incident_id: id, state: 'open' }).first<{ provider_id: string }>(),
    )
    const provider = providers.find(each => each.id === offer.provider_id)
    if (!provider) throw new Error('a stranger is asked')
    return provider
  }

  async #accept(id: string, providers: readonly Walker[]): Promise<Walker> {
    const asked = await this.asked(id, providers)
    await this.say('POST', '/api/incidents/{id}/accept/', asked, { params: { id }, body: {}, wants: 200 })
    return asked
  }

  async #fromReportToReopening({ survivor, dispatcher, providers, stranger }: People): Promise<void> {
    const id = await this.#report(survivor, 'urgent')
    const params = { id }
    const first = await this.asked(id, providers)
    const silent = { wants: 200, unentitled: 'unentitled' } as const
    await this.say('GET', '/api/incidents/{id}/', first, { params, ...silent })
    await this.say('GET', '/api/providers/offers/', first, silent)
    await this.say('GET', '/api/incidents/', first, silent)
    await this.say('GET', '/api/incidents/{id}/', stranger, { params, wants: 404, unentitled: 'unentitled' })
    const refusal = { reason: 'other', note: this.words('note of a refusal') }
    await this.say('POST', '/api/incidents/{id}/reject/', first, { params, body: refusal, wants: 200 })
    await this.say('GET', '/api/incidents/{id}/', first, { params, wants: 403, unentitled: 'unentitled' })
    const provider = await this.#accept(id, providers)
    await this.say('GET', '/api/incidents/{id}/', provider, { params, wants: 200 })
    const start = { status: 'in_progress', note: this.words('note of the start') }
    await this.say('POST', '/api/incidents/{id}/status/', provider, { params, body: start, wants: 200 })
    const endListening = await walkMessages(this, id, { survivor, provider, dispatcher, former: first, stranger })
    const end = { status: 'completed', outcome: 'resolved', note: this.words('note of the end') }
    await this.say('POST', '/api/incidents/{id}/status/', provider, { params, body: end, wants: 200 })
    await this.say('GET', '/api/incidents/{id}/timeline/', dispatcher, { params, wants: 200 })
    const reopening = { reason: this.words('reason of a reopening') }
    await this.say('POST', '/api/incidents/{id}/reopen/', survivor, { params, body: reopening, wants: 200 })
    const cancel = { reason: this.words('reason of a cancelling') }
    await this.say('POST', '/api/incidents/{id}/cancel/', survivor, { params, body: cancel, wants: 200 })
    await endListening()
    for (const person of [survivor, dispatcher, ...providers]) await this.say('GET', '/api/notices/', person, silent)
  }

  async #editedAndHandedBack({ survivor, dispatcher, providers }: People): Promise<void> {
    const id = await this.#report(survivor, 'urgent')
    const params = { id }
    const edit = { ...this.#story('edit'), version: 1 }
    await this.say('PATCH', '/api/incidents/{id}/', survivor, { params, body: edit, wants: 200 })
    const merged = { base_version: 1, base: this.#story('base of a merge'), title: this.words('merged title') }
    await this.say('PATCH', '/api/incidents/{id}/', survivor, { params, body: merged, wants: 412 })
    const provider = await this.#accept(id, providers)
    const back = { reason: this.words('reason of a hand-back') }
    await this.say('POST', '/api/incidents/{id}/hand-back/', provider, { params, body: back, wants: 200 })
    const next = await this.#accept(id, providers)
    await this.say('POST', '/api/incidents/{id}/status/', next, { params, body: { status: 'in_progress' }, wants: 200 })
    await this.say('POST', '/api/incidents/{id}/status/', survivor, {
      params,
      body: { status: 'completed', outcome: 'helped' },
      wants: 200,
    })
    const close = { reason: this.words('reason of a closing') }
    await this.say('POST', '/api/incidents/{id}/close/', dispatcher, { params, body: close, wants: 200 })
  }

  async #decidedByDispatch({ survivor, dispatcher, admin, providers }: People): Promise<void> {
    const incident = await this.#report(survivor, 'routine')
    const [one, two, three] = providers.map(each => each.id)
    const override = async (act: string, more: object = {}): Promise<void> => {
      const body = { incident, act, reason: this.words(`reason to ${act}`), ...more }
      await this.say('POST', '/api/dispatch/override/', dispatcher, { body, wants: 200 })
    }
    await override('urgency', { urgency: 'urgent' })
    await override('hold')
    await override('release')
    await override('own')
    const assign = { incident, provider: one, reason: this.words('reason to assign') }
    await this.say('POST', '/api/dispatch/assign/', dispatcher, { body: assign, wants: 200 })
    const reassign = { incident, provider: two, reason: this.words('reason to reassign') }
    await this.say('POST', '/api/dispatch/reassign/', dispatcher, { body: reassign, wants: 200 })
    await override('reassign', { provider: three, force: true })
    await override('research')
    const silent = { wants: 200, unentitled: 'unentitled' } as const
    await this.say('GET', '/api/dispatch/dashboard/', dispatcher, silent)
    await this.say('GET', '/api/incidents/', dispatcher, silent)
    await this.say('GET', '/api/dispatch/recommendations/', dispatcher, { query: `?incident=${incident}`, wants: 200 })
    await this.say('GET', '/api/incidents/{id}/offers/', dispatcher, { params: { id: incident }, wants: 200 })
    await this.say('GET', '/api/health/unattended/', admin, silent)
    await override('cancel')
    const deleted = await this.#report(survivor, 'urgent')
    await this.say('DELETE', '/api/incidents/{id}/', survivor, { params: { id: deleted }, wants: 204 })
  }

  /** With nobody on duty dispatch is called, by e-mail too; the deadlines of a routine report are the workflow's. */
  async #escalated({ survivor, dispatcher, providers }: People): Promise<void> {
    for (const provider of providers)
      await this.say('PATCH', '/api/providers/me/', provider, { body: { availability: 'off_duty' }, wants: 200 })
    const urgent = await this.#report(survivor, 'urgent')
    const routine = await this.#report(survivor, 'routine')
    for (const incident of [urgent, routine]) {
      await eventually(
        async () => (await this.product.db('incidents').where({ id: incident }).first('status')).status === 'escalated',
        { withinMs: 30_000, everyMs: 100 },
      )
      // An acknowledgement stops what has not left.
      const sent = this.product.db('notice_attempts as a').join('notices as n', 'n.id', 'a.notice_id')
      await eventually(
        () => sent.clone().where({ 'n.incident_id': incident, 'a.state': 'handed_over' }).first('a.id'),
        {
          withinMs: 30_000,
          everyMs: 100,
        },
      )
      await this.say('POST', '/api/dispatch/acknowledge/', dispatcher, { body: { incident }, wants: 200 })
    }
  }

  /** What is refused must not be told to a log either. */
  async #badInput({ survivor, dispatcher }: People): Promise<void> {
    const word = (planted: string): string => this.canaries.word(planted)
    const report = '/api/incidents/'
    await this.say('POST', report, survivor, { body: `{"title": "${word('malformed JSON')}`, wants: 400 })
    await this.say('POST', report, survivor, {
      body: { urgency: word('wrong value'), [word('unknown field')]: 1 },
      wants: 400,
    })
    await this.say('POST', report, survivor, {
      body: { urgency: 'urgent', title: 'x'.repeat(300) + word('too long') },
      wants: 400,
    })
    await this.say('GET', `/api/incidents/${word('id in a path')}/`, survivor, { wants: 404 })
    await this.say('GET', `/${word('unknown path')}/`, null, { wants: 404 })
    await this.say('GET', report, dispatcher, { query: `?${word('query key')}=${word('query value')}`, wants: 400 })
    await this.say('GET', '/api/auth/me/', { id: '', access: word('made-up token') }, { wants: 401 })
    const headers = {
      'user-agent': word('user agent'),
      'x-request-id': word('request id'),
      'x-forwarded-for': word('forwarded for'),
      referer: `http://example.org/${word('referrer')}`,
      'accept-language': word('accepted language'),
      cookie: `session=${word('cookie')}`,
    }
    await this.say('GET', '/api/auth/me/', survivor, { headers, wants: 200 })
  }
}

type People = {
  readonly admin: Walker
  readonly dispatcher: Walker & { readonly name: Record<string, unknown> }
  readonly survivor: Walker & { readonly password: string }
  readonly providers: readonly Walker[]
  readonly stranger: Walker
}
