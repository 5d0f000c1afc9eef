import { findAccountKey } from '../../db/accounts.repository'
import {
  deleteDevice,
  deleteDeviceByToken,
  listDevices,
  putDevice,
  type Device,
  type DeviceType,
} from '../../db/devices.repository'
import { markEffect } from '../../db/idempotency.repository'
import { inTransaction } from '../../db/unit-of-work'
import { sealColumns } from '../../db/vault'
import { Refusal } from '../../domain/refusals'
import { newId } from '../../platform/ids'
import type { By } from '../deps'
import { fieldRefusal, keyedDigest } from './account-words'
import type { AccountDeps } from './deps'

/** What a browser subscribed to (RFC 8030), with the keys that seal what is pushed to it (RFC 8291). */
export interface WebPushSubscription {
  readonly endpoint: string
  readonly keys: { readonly p256dh: string; readonly auth: string }
}

export interface DeviceToRegister {
  readonly userId: string
  /** A token of FCM or Expo, or a browser's subscription. */
  readonly address: string | WebPushSubscription
  readonly deviceType: DeviceType
}

/**
 * Registers the device that notices are pushed to. One that somebody else had registered under the same token is theirs no more: the
 * phone has changed hands. Throws `USER_NOT_FOUND` for an account that was erased.
 */
export async function registerDevice(
  { db, vault, indexKey }: AccountDeps,
  { userId, address, deviceType }: DeviceToRegister,
  by: By,
): Promise<Device> {
  const token = typeof address === 'string' ? tokenOf(address) : subscriptionText(address)
  return inTransaction(db, async trx => {
    const key = await findAccountKey(trx, vault, userId)
    if (!key) throw new Refusal('USER_NOT_FOUND')
    const id = newId()
    const sealedToken = sealColumns(key, 'devices', id, { token })['token'] ?? ''
    const tokenIndex = indexOfToken(indexKey, token)
    const kept = await putDevice(trx, { id, userId, deviceType, sealedToken, tokenIndex })
    await markEffect(trx, by.requestId, kept)
    const device = (await listDevices(trx, vault, userId)).find(each => each.id === kept)
    if (!device) throw new Error('the device that was just registered is not there')
    return device
  })
}

/** Looks like a subscription: its endpoint would be spoken to unchecked. No vendor's token begins so. */
function tokenOf(text: string): string {
  if (text.trimStart().startsWith('{')) throw fieldRefusal('registration_token', 'invalid_format', 'Must be a token')
  return text
}

/** Always the same text for the same subscription, by which it is known again. */
const subscriptionText = ({ endpoint, keys: { p256dh, auth } }: WebPushSubscription): string =>
  JSON.stringify({ endpoint, keys: { p256dh, auth } })

const indexOfToken = (indexKey: AccountDeps['indexKey'], token: string): string =>
  keyedDigest(indexKey, 'device', token)

/** Nothing is pushed to the device of this token any more, if it is one of the account's. */
export async function forgetDevice(
  { db, indexKey }: Pick<AccountDeps, 'db' | 'indexKey'>,
  userId: string,
  token: string,
): Promise<void> {
  await deleteDeviceByToken(db, { userId, tokenIndex: indexOfToken(indexKey, token) })
}

/** Nothing is pushed to the device any more. Throws `DEVICE_NOT_FOUND`. */
export async function removeDevice({ db }: AccountDeps, userId: string, id: string): Promise<void> {
  if (!(await deleteDevice(db, { id, userId }))) throw new Refusal('DEVICE_NOT_FOUND')
}
