import { z } from 'zod'
import { registerDevice, removeDevice } from '../../acts/accounts/devices'
import { Refusal } from '../../domain/refusals'
import { idParams } from '../fields'
import { defineRoute, type Route } from '../route'
import { readDevices } from './accounts.reads'
import { deviceView } from './accounts.views'
import { deviceBody, deviceSchema, webPushKeySchema } from './devices.schemas'

const tags = ['Devices']

const register = defineRoute({
  method: 'post',
  path: '/api/auth/devices/',
  permission: 'account:self',
  summary: 'Register a device for push notices',
  description:
    'Takes tokens of FCM and of Expo, or what a browser subscribed to. A token has one user: registering it takes it from whoever had it before. Of more than 20 devices the one registered longest ago goes.',
  tags,
  body: deviceBody,
  status: 201,
  response: deviceSchema,
  errors: ['USER_NOT_FOUND', 'DEVICE_NOT_FOUND'],
  idempotent: true,
  example: { body: { registration_token: 'ExponentPushToken[xxxxxxxxxxxxxxxxxxxxxx]', device_type: 'android' } },
  async handler({ body, actor, by }, { accounts }) {
    const { registration_token, subscription, device_type: deviceType = 'web' } = body
    const address = subscription ?? registration_token ?? ''
    return deviceView(await registerDevice(accounts, { userId: actor.id, address, deviceType }, by))
  },
  async replay({ actor }, id, { accounts }) {
    const device = (await readDevices(accounts, actor.id)).find(each => each.id === id)
    if (!device) throw new Refusal('DEVICE_NOT_FOUND')
    return deviceView(device)
  },
})

const list = defineRoute({
  method: 'get',
  path: '/api/auth/devices/',
  permission: 'account:self',
  summary: 'Your devices',
  tags,
  response: z.array(deviceSchema),
  errors: [],
  handler: async ({ actor }, { accounts }) => (await readDevices(accounts, actor.id)).map(deviceView),
})

const remove = defineRoute({
  method: 'delete',
  path: '/api/auth/devices/:id/',
  permission: 'account:self',
  summary: 'Remove a device',
  description: 'Nothing is pushed to it any more.',
  tags,
  params: idParams,
  errors: ['DEVICE_NOT_FOUND'],
  handler: async ({ params, actor }, { accounts }) => removeDevice(accounts, actor.id, params.id),
})

const webPushKey = defineRoute({
  method: 'get',
  path: '/api/auth/devices/web-push-key/',
  permission: 'account:self',
  summary: 'The key that a browser subscribes with',
  description: 'For installations that push to browsers by themselves; the others answer 404.',
  tags,
  response: webPushKeySchema,
  errors: ['WEB_PUSH_KEY_NOT_FOUND'],
  async handler(_context, { webPushKey: public_key }) {
    if (public_key === undefined) throw new Refusal('WEB_PUSH_KEY_NOT_FOUND')
    return { public_key }
  },
})

/** The devices that notices are pushed to. */
export const deviceRoutes: readonly Route[] = [register, list, webPushKey, remove]
