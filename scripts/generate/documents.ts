import { byPath } from '../../api/mount'
import type { Route } from '../../api/route'
import { refusalsOf } from '../../api/route-refusals'
import { ROLES, type Role } from '../../domain/actors'
import { CASE_TYPES } from '../../domain/case-types'
import { EVENTS } from '../../domain/events'
import type { Transition } from '../../domain/lifecycle'
import { permits } from '../../domain/permissions'
import { REFUSALS } from '../../domain/refusals'
import { markdownTable } from './markdown'

const generatedFrom = (source: string): string => `Generated from ${source} by \`npm run generate\`; do not edit.`
const code = (text: string): string => `\`${text}\``

/** `docs/errors.md`: every refusal, and which calls can give it. */
export function errorsDocument(routes: readonly Route[]): string {
  const calls = callsOf(routes)
  const rows = Object.entries(REFUSALS).map(([name, { status, title }]) => {
    const own = calls.filter(({ route }) => (route.errors as readonly string[]).includes(name))
    const any = calls.filter(({ route, method }) => (refusalsOf(route, method) as readonly string[]).includes(name))
    const byForm = any.length - own.length
    const where = [...own.map(({ call }) => code(call)), ...(byForm > 0 ? [`${byForm} calls by their form`] : [])]
    return [code(name), String(status), title, where.join(', ') || 'before a call is found, or not given yet']
  })
  return document('Refusals', [
    generatedFrom('`domain/refusals.ts` and the route declarations'),
    'A refused request is answered with `application/problem+json`: `type`, `title`, `status`, `code`, `detail`, `message` (the detail again, for people), `request_id`, and for `VALIDATION_FAILED` all `errors` at once as `{path, code, message}`. The code is one of these.',
    markdownTable(['Code', 'Status', 'Meaning', 'Where'], rows),
  ])
}

/** `docs/permissions.md`: call x role, from the declarations. */
export function permissionsDocument(routes: readonly Route[]): string {
  const rows = callsOf(routes).map(({ call, route: { permission } }) => {
    const mark = (role: Role): string => (permission === 'public' || permits(role, permission) ? 'yes' : '')
    return [code(call), permission === 'public' ? 'open to all' : code(permission), ...ROLES.map(mark)]
  })
  return document('Who may call what', [
    generatedFrom('the route declarations and `domain/permissions.ts`'),
    'This table opens the door of a route. What somebody sees behind it is decided for each incident: never had access answers 404, had it and lost it answers 403 `ACCESS_ENDED` (`domain/incident-access.ts`).',
    markdownTable(['Call', 'Permission', ...ROLES], rows),
  ])
}

/** `docs/events.md`: every event type with its sentence. */
export function eventsDocument(): string {
  return document('Events', [
    generatedFrom('`domain/events.ts`'),
    'An event is appended in the transaction that changed the incident, or the incident did not change. It carries ids and codes only, and the hash of the event before it. The sentence is what a timeline shows.',
    markdownTable(
      ['Type', 'Sentence'],
      Object.entries(EVENTS).map(([type, sentence]) => [code(type), sentence]),
    ),
  ])
}

/** `docs/incident-lifecycle.md`: for each lifecycle a diagram and the table it is drawn from. */
export function lifecycleDocument(): string {
  const byLifecycle = new Map<readonly Transition[], string[]>()
  for (const { code: name, lifecycle } of Object.values(CASE_TYPES))
    byLifecycle.set(lifecycle, [...(byLifecycle.get(lifecycle) ?? []), name])
  const parts = [...byLifecycle].flatMap(([lifecycle, names]) => [
    `## ${names.join(', ')}`,
    diagram(lifecycle),
    markdownTable(
      ['Act', 'From', 'By', 'To'],
      lifecycle.map(({ act, from, by, to }) => [code(act), from.join(', '), by.join(', '), targetText(to)]),
    ),
  ])
  return document('The life of an incident', [
    generatedFrom('the lifecycle tables in `domain/case-types/`'),
    'The same table guards every act, draws every button and this diagram. `clock` is the engine acting for the time that has passed. `search` is the search that the urgency calls for: offering, or a dispatcher’s review.',
    ...parts,
  ])
}

const targetText = (to: Transition['to']): string => (to === 'same' ? 'stays' : to)

/** Acts that leave the status are in the table alone: drawn, they would hide the way. */
function diagram(lifecycle: readonly Transition[]): string {
  const arrows = new Map<string, Set<string>>()
  for (const { act, from, to } of lifecycle) {
    if (to === 'same') continue
    for (const target of to === 'search' ? ['offering', 'pending_dispatcher_review'] : [to]) {
      for (const status of from.filter(each => each !== target))
        arrows.set(`${status} --> ${target}`, (arrows.get(`${status} --> ${target}`) ?? new Set()).add(act))
    }
  }
  const lines = [...arrows].map(([arrow, acts]) => `  ${arrow}: ${[...acts].join(', ')}`)
  const start = ['offering', 'pending_dispatcher_review'].map(status => `  reported --> ${status}: begins`)
  const ends = ['closed', 'cancelled'].map(status => `  ${status} --> [*]`)
  return ['```mermaid', 'stateDiagram-v2', '  [*] --> reported', ...start, ...lines, ...ends, '```'].join('\n')
}

function callsOf(routes: readonly Route[]) {
  return byPath(routes).flatMap(([path, methods]) =>
    [...methods].map(([method, route]) => ({
      call: `${method.toUpperCase()} ${path.replace(/:(\w+)/g, '{$1}')}`,
      method,
      route,
    })),
  )
}

const document = (title: string, parts: readonly string[]): string => `# ${title}\n\n${parts.join('\n\n')}\n`
