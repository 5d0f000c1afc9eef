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

/** Opens a session of the account within the transaction and answers its first pair of tokens. */
export async function openSession(
  { accessTokens, refreshTokenDays, now }: AccountDeps,
  trx: Transaction,
  { userId, role, device }: { userId: string; role: Role; device: string },
): Promise<TokenPair> {
  const refresh = newOpaqueToken()
  const id = newId()
  await insertSession(trx, { id, userId, refreshDigest: digestToken(refresh), device, days: refreshTokenDays })
  return { access: await accessTokens.sign({ sub: userId, sid: id, role }, now()), refresh }
}
