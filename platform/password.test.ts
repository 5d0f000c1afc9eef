import { performance } from 'node:perf_hooks'
import { burnPassword, hashPassword, passwordFault, verifyPassword } from './password'

const good = 'lantern ribbon 47 orchard'

test('argon2id with the cost that was chosen, and a salt of its own', async () => {
  const [first, second] = await Promise.all([hashPassword(good), hashPassword(good)])
  expect(first).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  expect(first).not.toBe(second)
  expect(await verifyPassword(first, good)).toBe(true)
  expect(await verifyPassword(first, `${good} `)).toBe(false)
})

test('the same characters typed another way are the same password', async () => {
  expect(await verifyPassword(await hashPassword('café lantern'), 'cafe\u0301 lantern')).toBe(true)
})

test.each(['', 'x', 'lantern ribbon 47 orchard', '$argon2id$broken'])('%p is no hash and opens nothing', async text => {
  expect(await verifyPassword(text, text)).toBe(false)
})

test('an unknown account costs what a wrong password costs', async () => {
  const stored = await hashPassword(good)
  const spent = async (act: () => Promise<boolean>) => {
    const from = performance.now()
    expect(await act()).toBe(false)
    return performance.now() - from
  }
  const wrong: number[] = []
  const unknown: number[] = []
  for (let i = 0; i < 15; i++) {
    wrong.push(await spent(() => verifyPassword(stored, 'wrong password')))
    unknown.push(await spent(() => burnPassword('wrong password')))
  }
  // The fastest of many: what else the machine does only ever adds time.
  const ratio = Math.min(...unknown) / Math.min(...wrong)
  expect(ratio).toBeGreaterThan(0.5)
  expect(ratio).toBeLessThan(2)
})

test.each([
  ['', 'too_short'],
  ['nine char', 'too_short'],
  ['ญญญญญญญญญ', 'too_short'],
  [good.repeat(6), 'too_long'],
  ['1234567890', 'too_common'],
  ['Password2026!', 'too_common'],
  ['P@ssw0rd123', 'too_common'],
  ['!!!Welcome!!!', 'too_common'],
  ['aaaaaaaaaa', 'too_common'],
  ['abababababab', 'too_common'],
  ['kisakisakisa', 'too_common'],
  ['abcdefghijkl', 'too_common'],
  ['lkjihgfedcba', 'too_common'],
  ['qwertyuiop', 'too_common'],
  ['poiuytrewq', 'too_common'],
  ['Manchester1', 'too_common'],
  [good, undefined],
  ['xK4!pQ9z#m', undefined],
  ['ramani ya nyota', undefined],
  ['บ้านริมน้ำสีเขียว', undefined],
])('%p is %p', (password, fault) => {
  expect(passwordFault(password)).toBe(fault)
})
