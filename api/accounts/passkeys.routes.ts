import { z } from 'zod'
import {
  addPasskey,
  beginPasskey,
  beginPasskeyLogin,
  logInByPasskey,
  removePasskey,
} from '../../acts/accounts/passkeys'
import { setBiometric } from '../../acts/accounts/set-biometric'
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '../../acts/accounts/webauthn'
import { idParams } from '../fields'
import { defineRoute, type Route } from '../route'
import { readPasskeys } from './accounts.reads'
import { signedInSchema } from './accounts.schemas'
import { passkeyView, signedInView } from './accounts.views'
import {
  creationOptionsSchema,
  newPasskeyBody,
  passkeyLoginBody,
  passkeySchema,
  requestOptionsSchema,
} from './passkeys.schemas'
import { holderOf } from './totp.routes'

const tags = ['Passkeys']

const options = defineRoute({
  method: 'post',
  path: '/api/auth/passkeys/options/',
  permission: 'account:self',
  summary: 'Begin to add a passkey',
  description: 'What the browser needs to make one; it is good for five minutes and one answer.',
  tags,
  response: creationOptionsSchema,
  errors: ['SECOND_FACTOR_REQUIRED', 'RULE_BROKEN'],
  handler: async ({ actor }, { accounts }) => beginPasskey(accounts, holderOf(actor)),
})

const add = defineRoute({
  method: 'post',
  path: '/api/auth/passkeys/',
  permission: 'account:self',
  summary: 'Add the passkey that the device has made',
  description:
    'The body is what `navigator.credentials.create()` gave, by `toJSON()`. The device must have checked its user by finger, face or PIN, so a passkey is a second factor too.',
  tags,
  body: newPasskeyBody,
  status: 201,
  response: passkeySchema,
  errors: ['PASSKEY_REFUSED', 'SECOND_FACTOR_REQUIRED'],
  async handler({ body, actor, request }, { accounts }) {
    const made = { response: body as RegistrationResponseJSON, device: request.device }
    return passkeyView(await addPasskey(accounts, holderOf(actor), made))
  },
})

const list = defineRoute({
  method: 'get',
  path: '/api/auth/passkeys/',
  permission: 'account:self',
  summary: 'Your passkeys',
  tags,
  response: z.array(passkeySchema),
  errors: [],
  handler: async ({ actor }, { accounts }) => (await readPasskeys(accounts, actor.id)).map(passkeyView),
})

const remove = defineRoute({
  method: 'delete',
  path: '/api/auth/passkeys/:id/',
  permission: 'account:self',
  summary: 'Remove a passkey',
  tags,
  params: idParams,
  errors: ['PASSKEY_NOT_FOUND', 'SECOND_FACTOR_REQUIRED'],
  handler: async ({ params, actor }, { accounts }) => removePasskey(accounts, holderOf(actor), params.id),
})

const loginOptions = defineRoute({
  method: 'post',
  path: '/api/auth/login/passkey/options/',
  permission: 'public',
  summary: 'Begin to sign in by passkey',
  description: 'Names no account: the device offers the passkeys it has for this address.',
  tags,
  response: requestOptionsSchema,
  errors: [],
  handler: async (_context, { accounts }) => beginPasskeyLogin(accounts),
})

const login = defineRoute({
  method: 'post',
  path: '/api/auth/login/passkey/',
  permission: 'public',
  summary: 'Sign in by passkey',
  description:
    'The body is what `navigator.credentials.get()` gave, by `toJSON()`. Needs neither password nor one-time code.',
  tags,
  body: passkeyLoginBody,
  response: signedInSchema,
  errors: ['CREDENTIALS_WRONG'],
  async handler({ body, request }, { accounts }) {
    const shown = { response: body as AuthenticationResponseJSON, device: request.device }
    return signedInView(await logInByPasskey(accounts, shown), 'Signed in')
  },
})

const biometricSchema = z.object({ success: z.literal(true), biometric_enabled: z.boolean() })

const biometric = (word: 'enable' | 'disable'): Route => {
  const enabled = word === 'enable'
  const answer = { success: true as const, biometric_enabled: enabled }
  return defineRoute({
    method: 'post',
    path: `/api/auth/biometric/${word}/`,
    permission: 'account:self',
    summary: enabled ? 'Note that your app asks for finger or face' : 'Note that it no longer does',
    description: 'A flag on the account, without a meaning for security; passkeys have one.',
    tags,
    response: biometricSchema,
    errors: [],
    idempotent: true,
    async handler({ by }, { accounts }) {
      await setBiometric(accounts, { enabled }, by)
      return answer
    },
    replay: async () => answer,
  })
}

/** Passkeys, and the flag that apps call biometric. */
export const passkeyRoutes: readonly Route[] = [
  options,
  add,
  list,
  remove,
  loginOptions,
  login,
  biometric('enable'),
  biometric('disable'),
]
