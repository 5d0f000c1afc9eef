import { z } from 'zod'
import { registerDevice, removeDevice } from '../../acts/accounts/devices'
import { Refusal } from '../../domain/refusals'
import { idParams } from '../fields'
import { defineRoute, type Route } from '../route'
import { readDevices } from './accounts.reads'
import { deviceView } from './accounts.views'
import { deviceBody, deviceSchema } from './devices.schemas'

const tags = ['Devices']

const register = defineRoute({
  method: 'post',
  path: '/api/auth/devices/',
  permission: 'account:self',
  summary: 'Register a device for push notices',
  description:
    'Takes tokens of FCM and of Expo. A token has one user: registering it takes it from whoever had it before. Of more than 20 devices the one registered longest ago goes.',
  tags,
  body: deviceBody,
  status: 201,
  response: deviceSchema,
  errors: ['USER_NOT_FOUND', 'DEVICE_NOT_FOUND'],
  idempotent: true,
  example: { body: { registration_token: 'ExponentPushToken[xxxxxxxxxxxxxxxxxxxxxx]', device_type: 'android' } },
  async handler({ body, actor, by }, { accounts }) {
    const device = { userId: actor.id, token: body.registration_token, deviceType: body.device_type }
    return deviceView(await registerDevice(accounts, device, by))
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

/** The devices that notices are pushed to. */
export const deviceRoutes: readonly Route[] = [register, list, remove]
