import { CASE_TYPES } from './case-types'

/** What a search looks for in the columns that stand in the clear. */
export interface SearchTerms {
  /** The beginning of a code without its dash, in capitals; null when the words cannot be one. */
  readonly codePrefix: string | null
  /** Incident types whose name begins with the words. */
  readonly incidentTypes: readonly string[]
  /** Codes of the areas with this code, or whose name has a word that begins so. */
  readonly regions: readonly string[]
}

/** What somebody's words may mean in a list of incidents: a code, an incident type, or an area. */
export function searchTerms(text: string): SearchTerms {
  const words = plain(text)
  const code = words.replaceAll(' ', '').toUpperCase()
  const types = new Set(Object.values(CASE_TYPES).flatMap(each => each.incidentTypes))
  const areas = Object.values(CASE_TYPES).flatMap(each => each.areas)
  return {
    codePrefix: /^[A-Z0-9]+$/.test(code) ? code : null,
    incidentTypes: words === '' ? [] : [...types].filter(type => plain(type).startsWith(words)),
    regions:
      words === ''
        ? []
        : areas
            .filter(area => plain(area.code) === words || ` ${plain(area.name)}`.includes(` ${words}`))
            .map(area => area.code),
  }
}

/** Has a title every one of these words in it, in whatever order and case? */
export function titleMatches(title: string, text: string): boolean {
  const within = plain(title)
  const words = plain(text).split(' ').filter(Boolean)
  return words.length > 0 && words.every(word => within.includes(word))
}

/** Lower case, with single blanks for everything that is neither letter nor digit. */
const plain = (text: string): string =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, ' ')
    .trim()
