import type { Database, Transaction } from './database'
import { openText, type Vault } from './vault'

export type DeviceType = 'ios' | 'android' | 'web'

/** More than anybody carries; whoever registers one more loses the one that was registered longest ago. */
const DEVICES_AT_MOST = 20

export interface NewDevice {
  readonly id: string
  readonly userId: string
  readonly deviceType: DeviceType
  /** The token, sealed for this id with the account's key. */
  readonly sealedToken: string
  /** The keyed digest of the token. */
  readonly tokenIndex: string
}

/**
 * Registers a device and answers its id. One token, one user: a device of somebody else is this account's from now on, under an id
 * that they do not know; the account's own keeps its id.
 */
export async function putDevice(trx: Transaction, device: NewDevice): Promise<string> {
  const { rows } = await trx.raw<{ rows: [{ id: string }] }>(
    `insert into devices as known (id, user_id, device_type, token, token_index)
     values (:id, :userId, :deviceType, :sealedToken, :tokenIndex)
     on conflict (token_index) do update set
       id = case when known.user_id = excluded.user_id then known.id else excluded.id end,
       token = case when known.user_id = excluded.user_id then known.token else excluded.token end,
       created_at = case when known.user_id = excluded.user_id then known.created_at else clock_timestamp() end,
       user_id = excluded.user_id, device_type = excluded.device_type, registered_at = clock_timestamp()
     returning id`,
    { ...device },
  )
  await trx.raw(
    `delete from devices where id in (select id from devices where user_id = :userId
       order by registered_at desc, id offset ${DEVICES_AT_MOST})`,
    { userId: device.userId },
  )
  return rows[0].id
}

/** A device with its token opened. */
export interface Device {
  readonly id: string
  readonly device_type: DeviceType
  readonly token: string
  readonly created_at: Date
  readonly registered_at: Date
}

/** The account's devices, the last registered first, at most 20. Throws `SealBroken`. */
export async function listDevices(db: Database | Transaction, vault: Vault, userId: string): Promise<Device[]> {
  const rows = await db('devices')
    .join('account_keys', 'account_keys.user_id', 'devices.user_id')
    .where({ 'devices.user_id': userId })
    .orderBy('registered_at', 'desc')
    .select<(Device & { wrapped: string })[]>(
      'devices.id',
      'device_type',
      'token',
      'created_at',
      'registered_at',
      'wrapped',
    )
  return rows.map(({ wrapped, ...row }) => {
    const token = openText(vault.keyOf(userId, wrapped), 'devices', row.id, 'token', row.token)
    return { ...row, token: token ?? '' }
  })
}

/** Takes a device from the account; answers whether it had it. */
export async function deleteDevice(db: Database, { id, userId }: { id: string; userId: string }): Promise<boolean> {
  return (await db('devices').where({ id, user_id: userId }).delete()) > 0
}

/** Takes the device of this token from the account, if it has it. */
export async function deleteDeviceByToken(
  db: Database,
  { userId, tokenIndex }: { userId: string; tokenIndex: string },
): Promise<void> {
  await db('devices').where({ user_id: userId, token_index: tokenIndex }).delete()
}
