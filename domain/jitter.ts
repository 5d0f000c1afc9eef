const SHARE = 0.1

/**
 * A pause lengthened by up to a tenth, by an amount that is the incident's own: re-checks and repeats of a mass of incidents drift
 * apart instead of draining in one instant. Never used on a promised window.
 */
export function jittered(id: string, pauseMs: number): number {
  let sum = 0
  for (const character of id) sum = (sum * 31 + character.charCodeAt(0)) % 1000
  return Math.round(pauseMs * (1 + (SHARE * sum) / 1000))
}
