import { REFUSALS, type RefusalCode } from '../domain/refusals'
import { isExempt } from './limits/limit-rules'
import type { Method, Route } from './route'
import { asksForSecondFactor } from './second-factor'

const SIGN_IN_REFUSALS: readonly RefusalCode[] = [
  ...(['TOKEN_MISSING', 'TOKEN_INVALID', 'TOKEN_EXPIRED', 'SESSION_REVOKED', 'API_KEY_INVALID'] as const),
  'FORBIDDEN',
]

/** Every refusal that a route may answer with a method: its own, and those that its form brings along, by status. */
export function refusalsOf(route: Route, method: Method): RefusalCode[] {
  const codes = new Set<RefusalCode>(['VALIDATION_FAILED', ...route.errors, 'INTERNAL', 'ENGINE_UNAVAILABLE'])
  if (method !== 'get' && method !== 'delete') {
    for (const code of ['BODY_MALFORMED', 'BODY_TOO_LARGE', 'MEDIA_TYPE_NOT_SUPPORTED'] as const) codes.add(code)
  }
  if (route.upload) codes.add('FILE_TOO_LARGE').add('FILE_TYPE_NOT_SUPPORTED').delete('BODY_TOO_LARGE')
  if (route.permission !== 'public') {
    for (const code of SIGN_IN_REFUSALS) codes.add(code)
    if (asksForSecondFactor(route.permission)) codes.add('SECOND_FACTOR_REQUIRED')
  }
  if (!isExempt(route)) codes.add('RATE_LIMITED')
  if (route.idempotent) codes.add('IDEMPOTENCY_KEY_REUSED').add('IDEMPOTENCY_IN_PROGRESS')
  const order = Object.keys(REFUSALS)
  return [...codes].sort((a, b) => order.indexOf(a) - order.indexOf(b))
}
