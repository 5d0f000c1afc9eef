import type { z } from 'zod'
import type { TokenPair } from '../../../acts/accounts/open-session'
import type { SignedInAccount } from '../../../acts/accounts/register-account'
import type { Account } from '../../../db/accounts.repository'
import { userView } from '../../accounts/accounts.views'
import type { refreshedSchema, signedInSchema, userSchema } from './accounts.schemas'
import { serviceName, serviceWord } from './words'

/** An account in the app's words; texts that the app takes for granted are empty, not null. */
export function appUser(account: Account): z.input<typeof userSchema> {
  const user = userView(account)
  const service = user.provider_type
  return {
    ...user,
    email: user.email ?? '',
    first_name: user.first_name ?? '',
    last_name: user.last_name ?? '',
    provider_type: service && serviceWord(service),
    provider_type_display: service && serviceName(service),
  }
}

/** A pair of tokens. */
export const refreshedView = ({ access, refresh }: TokenPair): z.input<typeof refreshedSchema> => ({
  success: true,
  access,
  refresh,
})

/** The answer to a registration or a log-in. */
export const signedInView = (
  { account, tokens }: SignedInAccount,
  message: string,
): z.input<typeof signedInSchema> => ({
  ...refreshedView(tokens),
  message,
  user: appUser(account),
  tokens: { ...tokens },
})
