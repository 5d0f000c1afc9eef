import fc from 'fast-check'
import { isSame, mergeEdits, type EditsToMerge, type FieldValues } from './merge-edits'

const merge = (edits: Partial<EditsToMerge>) =>
  mergeEdits({ yours: {}, base: {}, current: {}, changedSince: new Set(), ...edits })

describe('one field', () => {
  it.each([
    ['nobody else touched it', { yours: { a: 2 }, current: { a: 1 } }, 'written'],
    ['it is cleared', { yours: { a: null }, current: { a: 1 } }, 'written'],
    ['it is so already', { yours: { a: 2 }, current: { a: 2 } }, 'holds'],
    ['both made the same edit', { yours: { a: 2 }, base: { a: 1 }, current: { a: 2 }, changed: 'a' }, 'holds'],
    [
      'both edited it, the base is known',
      { yours: { a: 2 }, base: { a: 1 }, current: { a: 3 }, changed: 'a' },
      'conflict',
    ],
    ['both edited it, the base is not known', { yours: { a: 2 }, current: { a: 3 }, changed: 'a' }, 'conflict'],
    ['one clears what the other changed', { yours: { a: null }, current: { a: 3 }, changed: 'a' }, 'conflict'],
    [
      'one changes what the other cleared',
      { yours: { a: 2 }, base: { a: 1 }, current: { a: null }, changed: 'a' },
      'conflict',
    ],
    [
      'somebody changed it there and back',
      { yours: { a: 2 }, base: { a: 1 }, current: { a: 1 }, changed: 'a' },
      'written',
    ],
    ['only somebody else edited it', { yours: { a: 1 }, base: { a: 1 }, current: { a: 3 }, changed: 'a' }, 'no edit'],
    ['another field was edited', { yours: { a: 2 }, current: { a: 1, b: 9 }, changed: 'b' }, 'written'],
  ] as const)('%s', (_case, { changed, ...edits }: Partial<EditsToMerge> & { changed?: string }, what) => {
    expect(merge({ ...edits, changedSince: new Set(changed ? [changed] : []) })).toEqual({
      merged: what === 'written' || what === 'holds' ? ['a'] : [],
      toWrite: what === 'written' ? ['a'] : [],
      conflicts: what === 'conflict' ? ['a'] : [],
    })
  })
})

it('compares what is said, not how it is written down', () => {
  const at = '2026-01-05T05:30:00.000Z'
  expect(isSame({ lat: 1, lng: 2 }, { lng: 2, lat: 1, text: null })).toBe(true)
  expect(isSame(new Date(at), new Date(at))).toBe(true)
  expect(isSame(undefined, null)).toBe(true)
  expect(isSame([1, 2], [2, 1])).toBe(false)
  expect(isSame({ a: { b: 1 } }, { a: { b: 2 } })).toBe(false)
})

/** A record that several people edit, each on the version that they saw. */
class Shared {
  version = 1
  readonly #changedAt = new Map<string, number>()

  constructor(public values: FieldValues) {}

  edit(yours: FieldValues, baseVersion: number, base: FieldValues) {
    const changedSince = new Set([...this.#changedAt].filter(([, at]) => at > baseVersion).map(([field]) => field))
    const result = mergeEdits({ yours, base, current: this.values, changedSince })
    if (result.toWrite.length === 0) return result
    this.version += 1
    for (const field of result.toWrite) this.#changedAt.set(field, this.version)
    this.values = { ...this.values, ...Object.fromEntries(result.toWrite.map(field => [field, yours[field]])) }
    return result
  }
}

const FIELDS = ['a', 'b', 'c', 'd', 'e']
const value = fc.oneof(
  fc.constant(null),
  fc.integer({ min: 0, max: 2 }),
  fc.record({ x: fc.integer({ min: 0, max: 1 }) }),
)
const whole = fc.record(Object.fromEntries(FIELDS.map(field => [field, value])))
const edit = fc.dictionary(fc.constantFrom(...FIELDS), value)

test('edits of different fields come to the same whatever their order, and none conflicts', () => {
  fc.assert(
    fc.property(whole, edit, edit, (start, one, second) => {
      const other = Object.fromEntries(Object.entries(second).filter(([field]) => !(field in one)))
      const outcomes = [
        [one, other],
        [other, one],
      ].map(edits => {
        const shared = new Shared(start)
        for (const each of edits) expect(shared.edit(each, 1, start).conflicts).toEqual([])
        return shared.values
      })
      expect(outcomes[0]).toEqual({ ...start, ...one, ...other })
      expect(outcomes[1]).toEqual(outcomes[0])
    }),
  )
})

test('no edit is lost silently: it holds, or it is reported, or it was none', () => {
  const steps = fc.array(fc.record({ yours: edit, age: fc.nat(3), knowsBase: fc.boolean() }), { maxLength: 8 })
  fc.assert(
    fc.property(whole, steps, (start, edits) => {
      const shared = new Shared(start)
      const versions: FieldValues[] = [start]
      for (const { yours, age, knowsBase } of edits) {
        const seen = Math.max(1, shared.version - age)
        const base = versions[seen - 1] ?? {}
        const before = shared.values
        const { merged, conflicts } = shared.edit(yours, seen, knowsBase ? base : {})
        if (shared.version > versions.length) versions.push(shared.values)
        for (const field of FIELDS) {
          const holds = isSame(shared.values[field], yours[field])
          if (!(field in yours)) expect(shared.values[field]).toEqual(before[field])
          else if (merged.includes(field)) expect(holds).toBe(true)
          else expect(conflicts.includes(field) || (knowsBase && isSame(yours[field], base[field]))).toBe(true)
          // What somebody else changed since then is never overwritten by an edit that did not know of it.
          if (conflicts.includes(field)) expect(shared.values[field]).toEqual(before[field])
        }
      }
    }),
  )
})

test('the same edit sent again changes nothing', () => {
  fc.assert(
    fc.property(whole, edit, (start, yours) => {
      const shared = new Shared(start)
      shared.edit(yours, 1, start)
      const { version, values } = shared
      expect(shared.edit(yours, 1, start)).toMatchObject({ toWrite: [], conflicts: [] })
      expect([shared.version, shared.values]).toEqual([version, values])
    }),
  )
})
