import { findAccountKey } from '../../db/accounts.repository'
import { deleteDevice, listDevices, putDevice, type Device, type DeviceType } from '../../db/devices.repository'
import { markEffect } from '../../db/idempotency.repository'
import { inTransaction } from '../../db/unit-of-work'
import { sealColumns } from '../../db/vault'
import { Refusal } from '../../domain/refusals'
import { newId } from '../../platform/ids'
import type { By } from '../deps'
import { keyedDigest } from './account-words'
import type { AccountDeps } from './deps'

/**
 * Registers the device that notices are pushed to, under a token of its vendor (FCM or Expo). A token that somebody else had
 * registered is theirs no more: the phone has changed hands. Throws `USER_NOT_FOUND` for an account that was erased.
 */
export async function registerDevice(
  { db, vault, indexKey }: AccountDeps,
  { userId, token, deviceType }: { userId: string; token: string; deviceType: DeviceType },
  by: By,
): Promise<Device> {
  return inTransaction(db, async trx => {
    const key = await findAccountKey(trx, vault, userId)
    if (!key) throw new Refusal('USER_NOT_FOUND')
    const id = newId()
    const sealedToken = sealColumns(key, 'devices', id, { token })['token'] ?? ''
    const tokenIndex = keyedDigest(indexKey, 'device', token)
    const kept = await putDevice(trx, { id, userId, deviceType, sealedToken, tokenIndex })
    await markEffect(trx, by.requestId, kept)
    const device = (await listDevices(trx, vault, userId)).find(each => each.id === kept)
    if (!device) throw new Error('the device that was just registered is not there')
    return device
  })
}

/** Nothing is pushed to the device any more. Throws `DEVICE_NOT_FOUND`. */
export async function removeDevice({ db }: AccountDeps, userId: string, id: string): Promise<void> {
  if (!(await deleteDevice(db, { id, userId }))) throw new Refusal('DEVICE_NOT_FOUND')
}
