/** No letter or digit that is read as another one over the phone: without I, L, O, U, 0 and 1. */
const ALPHABET = '23456789ABCDEFGHJKMNPQRSTVWXYZ'
export const INCIDENT_CODE_LENGTH = 5

/**
 * An incident's short code, `K-7Q4M2`, from at least `INCIDENT_CODE_LENGTH` random bytes. It is opaque; that it is free is for
 * the unique index to say.
 */
export function incidentCode(prefix: string, random: Uint8Array): string {
  const letters = Array.from(random.slice(0, INCIDENT_CODE_LENGTH), byte => ALPHABET[byte % ALPHABET.length])
  return `${prefix}-${letters.join('')}`
}
