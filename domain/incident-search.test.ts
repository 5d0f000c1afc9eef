import { searchTerms, titleMatches } from './incident-search'

it.each([
  ['K-7Q4M2', 'K7Q4M2'],
  ['k7q', 'K7Q'],
  [' k 7q4-m2 ', 'K7Q4M2'],
  ['%_', null],
  ['ñandú', null],
])('takes %p for the beginning of the code %p', (text, codePrefix) => {
  expect(searchTerms(text).codePrefix).toBe(codePrefix)
})

it('finds incident types by how they begin', () => {
  expect(searchTerms('Phys').incidentTypes).toEqual(['physical'])
  expect(searchTerms('harmful practice').incidentTypes).toEqual(['harmful_practice'])
  expect(searchTerms('practice').incidentTypes).toEqual([])
})

it('finds areas by their code, their name or a word of it', () => {
  expect(searchTerms('ke-30').regions).toEqual(['KE-30'])
  expect(searchTerms('nairobi').regions).toEqual(['KE-30'])
  expect(searchTerms('bay').regions).toEqual(['KE-08'])
  expect(searchTerms('marakwet').regions).toEqual(['KE-05'])
  expect(searchTerms('robi').regions).toEqual([])
})

it('finds nothing where nothing was said', () => {
  for (const text of ['', '- -', '%'])
    expect(searchTerms(text)).toEqual({ codePrefix: null, incidentTypes: [], regions: [] })
})

it('finds titles by all of the words', () => {
  expect(titleMatches('Help at the Market, please', 'market HELP')).toBe(true)
  expect(titleMatches('Help at the Market', 'market river')).toBe(false)
  expect(titleMatches('Msaada kwa Ñandú', 'ñandú')).toBe(true)
  expect(titleMatches('anything', '--')).toBe(false)
})
