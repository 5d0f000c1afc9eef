import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'
import { Webhook } from 'standardwebhooks'
import { WEBHOOK_BACK_OFF_SECONDS } from '../../domain/webhooks'
import { CALLS } from './calls'

const FOLDER = join(__dirname, '../../docs')
const PAGE = readFileSync(join(FOLDER, 'webhooks.md'), 'utf8')
const all = (form: RegExp): string[] => [...PAGE.matchAll(form)].map(match => match[1] ?? '')

type IsGenuine = (secret: string, headers: Readonly<Record<string, string>>, body: string) => boolean

/** The function that the page tells receivers to use, as they would. */
function functionOfPage(): IsGenuine {
  const [code = ''] = all(/```js\n([\s\S]*?)```/g)
  return runInNewContext(`${code}\nisGenuine`, { require: createRequire(__filename), Buffer, Date, Math }) as IsGenuine
}

const secretOf = (words: string): string => `whsec_${Buffer.from(words).toString('base64')}`
const SECRET = secretOf('a secret of at least 24 bytes')
const OLD = secretOf('the one before it, also long')
const BODY = JSON.stringify({ id: 'e', data: { word: 'ใหม่' } })

function signed(at: Date, secrets = [SECRET]): Record<string, string> {
  return {
    'webhook-id': 'd',
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': secrets.map(secret => new Webhook(secret).sign('d', at, BODY)).join(' '),
  }
}

it('the function of the page lets genuine deliveries pass and no others', () => {
  const isGenuine = functionOfPage()
  const now = new Date()
  expect(isGenuine(SECRET, signed(now), BODY)).toBe(true)
  expect(isGenuine(OLD, signed(now, [SECRET, OLD]), BODY)).toBe(true)
  expect(isGenuine(OLD, signed(now), BODY)).toBe(false)
  expect(isGenuine(SECRET, signed(now), `${BODY} `)).toBe(false)
  expect(isGenuine(SECRET, { ...signed(now), 'webhook-id': 'other' }, BODY)).toBe(false)
  expect(isGenuine(SECRET, signed(new Date(now.getTime() - 301_000)), BODY)).toBe(false)
  expect(isGenuine(SECRET, { ...signed(now), 'webhook-timestamp': 'never' }, BODY)).toBe(false)
})

it('it is as short as it says', () => {
  const [code = ''] = all(/(function isGenuine[\s\S]*?\n})/g)
  expect(code.split('\n').length).toBeLessThanOrEqual(10)
})

it('the back-off is the one that is kept', () => {
  const words: Readonly<Record<string, number>> = { s: 1, min: 60, h: 3_600 }
  const [sentence = ''] = all(/tried again (.*?) after each failure/g)
  const told = [...sentence.matchAll(/(\d+) (s|min|h)\b/g)].map(
    ([, count, unit = '']) => Number(count) * (words[unit] ?? 0),
  )
  expect(told).toEqual(WEBHOOK_BACK_OFF_SECONDS)
})

it('it speaks of calls and leads to pages that are there', () => {
  const calls = CALLS.map(({ name }) => name)
  const named = all(/`((?:GET|POST|PATCH|DELETE) \/api[^`?]*)`/g)
  expect(named.length).toBeGreaterThan(4)
  for (const call of named) expect(calls).toContain(call)
  for (const target of all(/\]\(([^)#:]+)\)/g))
    expect([target, existsSync(join(FOLDER, target))]).toEqual([target, true])
})
