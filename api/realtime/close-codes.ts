import type { Refusal } from '../../domain/refusals'

/** Why a socket was closed by the server; the reason beside it is the refusal's code. */
export const CLOSE = {
  goingAway: 1001,
  misused: 1008,
  failed: 1011,
  comeLater: 1013,
  notSignedIn: 4401,
  notAllowed: 4403,
  unknown: 4404,
} as const

const BY_STATUS: Readonly<Record<number, number>> = {
  401: CLOSE.notSignedIn,
  403: CLOSE.notAllowed,
  404: CLOSE.unknown,
  429: CLOSE.comeLater,
  503: CLOSE.comeLater,
}

/** The close code that says what this refusal's status says over HTTP. */
export const closeCodeOf = ({ status }: Refusal): number => BY_STATUS[status] ?? CLOSE.failed
