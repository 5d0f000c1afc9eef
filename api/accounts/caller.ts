import type { Caller, LoginName } from '../../acts/accounts/account-words'
import { networkOf } from '../limits/limits'
import type { RequestFacts } from '../route'

/** From where a request comes, as sign-in counts and sessions show it. */
export const callerOf = ({ ip, device }: RequestFacts): Caller => ({ network: networkOf(ip), device })

/** Which of the two names somebody gave; the schema wants exactly one. */
export const loginNameOf = ({
  email,
  username,
}: {
  email?: string | undefined
  username?: string | undefined
}): LoginName => (email !== undefined ? { email } : { username: username ?? '' })
