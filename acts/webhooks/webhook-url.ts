import { isIP } from 'node:net'
import type { Refusal } from '../../domain/refusals'
import type { Config } from '../../platform/config'
import { isPublicAddress } from '../../platform/public-address'
import { fieldRefusal } from '../accounts/account-words'

/** Where this installation sends what others have asked for. */
export interface OutboundRules {
  /** Plain HTTP, which anybody on the way can read: never in production. */
  readonly allowHttp: boolean
  /** Addresses inside the own network (SSRF): only where the operator has said so. */
  readonly allowPrivate: boolean
}

/** The rules of this installation. */
export const outboundRulesOf = ({
  mode,
  privateAddresses,
}: Pick<Config, 'mode' | 'privateAddresses'>): OutboundRules => ({
  allowHttp: mode !== 'production',
  allowPrivate: privateAddresses === 'allowed',
})

/**
 * The address to which a webhook is sent, in its normal form. Throws `VALIDATION_FAILED` for one that cannot be, or that must not be
 * asked for; where a name leads is judged with every connection anew.
 */
export function webhookUrl(text: string, { allowHttp, allowPrivate }: OutboundRules): string {
  if (!URL.canParse(text)) throw refusal('invalid_format', 'Must be a URL such as https://example.org/kesi')
  const url = new URL(text)
  if (url.protocol !== 'https:' && !(allowHttp && url.protocol === 'http:'))
    throw refusal('not_https', 'Must begin with https://')
  if (url.username || url.password)
    throw refusal('credentials', 'Must not hold a user or a password; the signature says who sends')
  if (url.hash) throw refusal('fragment', 'Must not have a part after #')
  if (!allowPrivate && isPrivateHost(url.hostname)) throw refusal('not_public', 'Must be an address on the internet')
  return url.href
}

const refusal = (code: string, message: string): Refusal => fieldRefusal('url', code, message)

function isPrivateHost(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '')
  if (isIP(host) !== 0) return !isPublicAddress(host)
  return /(^|\.)localhost\.?$/.test(host)
}
