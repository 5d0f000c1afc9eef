import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { NOTICES } from '../../domain/notices'
import { REFUSALS } from '../../domain/refusals'
import { describeConfig } from '../../platform/config'
import { CALLS } from './calls'

const FOLDER = join(__dirname, '../../docs/guides')
const GUIDES = readdirSync(FOLDER).map(name => ({ name, text: readFileSync(join(FOLDER, name), 'utf8') }))
const all = (text: string, form: RegExp): string[] => [...text.matchAll(form)].map(match => match[1] ?? '')

it('there is one for each role, one of questions and one for trouble', () => {
  const names = ['admin', 'dispatcher', 'faq', 'provider', 'survivor', 'troubleshooting']
  expect(GUIDES.map(({ name }) => name).sort()).toEqual(names.map(name => `${name}.md`))
})

describe.each(GUIDES)('$name', ({ text }) => {
  it('speaks of calls that are there', () => {
    const calls = CALLS.map(({ name }) => name)
    for (const call of all(text, /`((?:GET|POST|PATCH|PUT|DELETE) \/[^`?]+)/g)) expect(calls).toContain(call)
  })

  it('speaks of codes and settings that are there', () => {
    const known = [...Object.keys(REFUSALS), ...describeConfig().map(({ key }) => key)]
    for (const word of all(text, /`([A-Z]+(?:_[A-Z]+)+)(?:=\w+)?`/g)) expect(known).toContain(word)
  })

  it('leads to files that are there', () => {
    for (const target of all(text, /\]\(([^)#]+)\)/g))
      expect([target, existsSync(join(FOLDER, target))]).toEqual([target, true])
  })
})

it('the notices that are quoted are sent in these words', () => {
  const sentences = Object.values(NOTICES).map(notice => notice.text)
  for (const quoted of ['There is news. Sign in to read it.', 'You have a new request. Sign in to answer.']) {
    expect(sentences).toContain(quoted)
    expect(GUIDES.some(({ text }) => text.replaceAll('\n', ' ').includes(quoted))).toBe(true)
  }
})
