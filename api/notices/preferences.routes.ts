import { editPreferences, withdrawPreferences } from '../../acts/notices/preferences'
import type { Preferences } from '../../domain/preferences'
import { defineRoute, type Route } from '../route'
import { readPreferences } from './notices.reads'
import { preferencesBody, preferencesEdit, preferencesSchema } from './notices.schemas'

const tags = ['Notices']
const path = '/api/notices/preferences/'
const permission = 'notice:own'

const show = defineRoute({
  method: 'get',
  path,
  permission,
  summary: 'How you are reached',
  description:
    'As it counts now. Survivors who have said nothing are reached in their inbox alone; everybody else by every channel.',
  tags,
  response: preferencesSchema,
  errors: [],
  handler: async ({ actor }, { acts }) => readPreferences(acts, actor),
})

const put = defineRoute({
  method: 'put',
  path,
  permission,
  summary: 'Say how you want to be reached',
  description:
    'For a survivor this is the consent to be sent neutral notices by the channels that are on, and by no others. It holds from the next message on, also for one that was on its way to be sent.',
  tags,
  body: preferencesBody,
  response: preferencesSchema,
  errors: ['USER_NOT_FOUND'],
  example: {
    body: {
      push: true,
      sms: false,
      email: true,
      quiet_hours: { from: '22:00', to: '07:00' },
      time_zone: 'Africa/Nairobi',
      digest: false,
    },
  },
  async handler({ body, actor, by }, { acts }) {
    await editPreferences(acts, actor.id, editOf(body), by)
    return readPreferences(acts, actor)
  },
})

const patch = defineRoute({
  method: 'patch',
  path,
  permission,
  summary: 'Change how you want to be reached',
  description:
    'Fields that are not given stay as they count now. A survivor who has said nothing before thereby agrees.',
  tags,
  body: preferencesEdit,
  response: preferencesSchema,
  errors: ['USER_NOT_FOUND'],
  idempotent: true,
  example: { body: { sms: false } },
  async handler({ body, actor, by }, { acts }) {
    await editPreferences(acts, actor.id, editOf(body), by)
    return readPreferences(acts, actor)
  },
  replay: async ({ actor }, _userId, { acts }) => readPreferences(acts, actor),
})

const withdraw = defineRoute({
  method: 'delete',
  path,
  permission,
  summary: 'Take back what you said',
  description: 'At once: to a survivor nothing is sent any more. For everybody else every channel counts again.',
  tags,
  errors: [],
  handler: async ({ actor }, { acts }) => withdrawPreferences(acts, actor.id),
})

type Given = { readonly [Key in keyof Omit<Preferences, 'quiet'>]?: Preferences[Key] | undefined } & {
  readonly quiet_hours?: Preferences['quiet'] | undefined
}

/** Without the fields that were not given. */
function editOf({ quiet_hours, ...rest }: Given): Partial<Preferences> {
  const given = Object.entries({ ...rest, quiet: quiet_hours }).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given)
}

/** How people want to be reached. */
export const preferenceRoutes: readonly Route[] = [show, put, patch, withdraw]
