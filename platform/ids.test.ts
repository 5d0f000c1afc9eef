import { isUuid, newId } from './ids'

test('ids are version 7 and sort in the order in which they were made', () => {
  const ids = Array.from({ length: 1000 }, newId)
  expect(new Set(ids).size).toBe(1000)
  expect([...ids].sort()).toEqual(ids)
  expect(ids.every(id => id[14] === '7')).toBe(true)
})

test.each([
  ['018f3a52-7c1e-7b3a-9d2e-0a1b2c3d4e5f', true],
  ['018F3A52-7C1E-7B3A-9D2E-0A1B2C3D4E5F', true],
  ['d9428888-122b-11e1-b85c-61cd3cbb3210', true],
  ['018f3a52-7c1e-7b3a-9d2e-0a1b2c3d4e5', false],
  ["018f3a52-7c1e-7b3a-9d2e-0a1b2c3d4e5f' or 1=1", false],
  ['', false],
  [undefined, false],
  [42, false],
])('isUuid(%p) is %p', (value, expected) => {
  expect(isUuid(value)).toBe(expected)
})
