import { invite } from '../acts/accounts/invite'
import { closeDatabase, openDatabase } from '../db/database'
import { Vault } from '../db/vault'
import { ENGINE } from '../domain/actors'
import { loadConfig } from '../platform/config'
import { createLogger } from '../platform/logger'
import { createAccessTokens } from '../platform/tokens'

/** Invites an administrator by hand: how the first one of an installation comes to be. Prints the token that `register/` takes. */
async function main(email: string | undefined): Promise<void> {
  if (!email?.includes('@')) throw new Error('say whom to invite: npm run invite-admin -- name@example.org')
  const config = loadConfig(process.env)
  const db = openDatabase({ url: config.databaseUrl, pool: 1, name: 'kesi-invite-admin' })
  try {
    const deps = {
      db,
      vault: new Vault(config.keyRing),
      logger: createLogger({ level: 'warn', name: 'invite-admin' }),
      indexKey: config.blindIndexKey,
      accessTokens: createAccessTokens({ keys: config.jwtKeys, seconds: config.accessTokenSeconds }),
      refreshTokenDays: config.refreshTokenDays,
      now: () => new Date(),
    }
    const { token, expires_at } = await invite(deps, { email, role: 'admin' }, { actor: ENGINE })
    process.stdout.write(`invitation: ${token}\nvalid until ${expires_at.toISOString()}, once, for this address\n`)
  } finally {
    await closeDatabase(db)
  }
}

main(process.argv[2]).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : 'the invitation could not be made'}\n`)
  process.exitCode = 1
})
