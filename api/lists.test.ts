import { z } from 'zod'
import { Refusal } from '../domain/refusals'
import { orderingField, pageFields, pageOf, windowOf } from './lists'

const query = z.strictObject({ ...pageFields, ordering: orderingField(['created_at', 'code'], '-created_at') })

describe('the query of a list', () => {
  it('has defaults', () => {
    const parsed = query.parse({})
    expect(parsed).toEqual({ page: 1, page_size: 20, ordering: { column: 'created_at', order: 'desc' } })
    expect(windowOf({ page: 3, page_size: 20 })).toEqual({ limit: 20, offset: 40 })
  })

  it.each(['0', '-1', '1.5', 'one', '', ' 1', '1e2', '01', '99999999'])('refuses page=%j', page => {
    expect(query.safeParse({ page }).success).toBe(false)
  })

  it.each(['0', '101', 'all'])('refuses page_size=%j', page_size => {
    expect(query.safeParse({ page_size }).success).toBe(false)
  })

  it('orders by what is allowed, both ways, and by nothing else', () => {
    expect(query.parse({ ordering: 'code' }).ordering).toEqual({ column: 'code', order: 'asc' })
    for (const ordering of ['password', '--code', 'code;drop', ''])
      expect(query.safeParse({ ordering }).success).toBe(false)
  })
})

describe('a page', () => {
  const url = 'https://kesi.example/api/things/?status=open&page=2&page_size=2'
  const at = (page: number, count: number) => pageOf({ count, results: ['a', 'b'] }, { page, page_size: 2 }, { url })

  it('knows its neighbours by absolute address, the other fields kept', () => {
    expect(at(2, 5)).toEqual({
      count: 5,
      next: 'https://kesi.example/api/things/?status=open&page=3&page_size=2',
      previous: 'https://kesi.example/api/things/?status=open&page=1&page_size=2',
      results: ['a', 'b'],
    })
    expect([at(1, 2).next, at(1, 2).previous, at(3, 5).next]).toEqual([null, null, null])
  })

  it('past the end does not exist; the first one always does', () => {
    expect(() => at(4, 5)).toThrow(Refusal)
    expect(() => at(2, 0)).toThrow(Refusal)
    expect(at(1, 0).count).toBe(0)
  })
})
