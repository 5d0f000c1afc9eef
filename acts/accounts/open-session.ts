import type { Transaction } from '../../db/database'
import { insertSession } from '../../db/sessions.repository'
import type { Role } from '../../domain/actors'
import { newId } from '../../platform/ids'
import { digestToken, newOpaqueToken } from '../../platform/tokens'
import type { AccountDeps } from './deps'

/** What a person's app keeps of a session: a token for requests, and the one that gets the next pair. */
export interface TokenPair {
  readonly access: string
  readonly refresh: string
}

/** Who signs in, where, and whether they showed a second factor. */
export interface SessionToOpen {
  readonly userId: string
  readonly role: Role
  readonly device: string
  readonly secondFactor?: boolean
}

/** Opens a session of the account within the transaction and answers its first pair of tokens. */
export async function openSession(
  { accessTokens, refreshTokenDays, now }: AccountDeps,
  trx: Transaction,
  { userId, role, device, secondFactor = false }: SessionToOpen,
): Promise<TokenPair> {
  const refresh = newOpaqueToken()
  const id = newId()
  const refreshDigest = digestToken(refresh)
  await insertSession(trx, { id, userId, refreshDigest, device, days: refreshTokenDays, secondFactor })
  return { access: await accessTokens.sign({ sub: userId, sid: id, role }, now()), refresh }
}
