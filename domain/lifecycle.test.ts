import { STANDINGS } from './actors'
import { CASE_TYPES } from './case-types'
import { ACTS, allowedActs, findTransition, judge } from './lifecycle'
import { STATUSES } from './statuses'

describe.each(Object.values(CASE_TYPES))('the lifecycle of $code', ({ lifecycle }) => {
  const everyCase = STATUSES.flatMap(status =>
    ACTS.flatMap(act => STANDINGS.map(standing => ({ status, act, standing }))),
  )

  it('answers every status x act x standing: a row, or a refusal with a reason', () => {
    for (const { status, act, standing } of everyCase) {
      const row = findTransition(lifecycle, status, act, [standing])
      if (row) expect(judge(lifecycle, status, act, [standing])).toBe(row)
      else expect(() => judge(lifecycle, status, act, [standing])).toThrow(expect.objectContaining({ name: 'Refusal' }))
    }
    expect(everyCase).toHaveLength(STATUSES.length * ACTS.length * STANDINGS.length)
  })

  it('leads from every open status to an end', () => {
    for (const status of STATUSES.filter(each => each !== 'closed' && each !== 'cancelled')) {
      const exits = lifecycle.filter(row => row.from.includes(status) && row.to !== 'same')
      expect([status, exits.length > 0]).toEqual([status, true])
    }
  })

  it('lets nobody but the offered accept, and nobody but the assignee start', () => {
    for (const { status, act, standing } of everyCase) {
      const row = findTransition(lifecycle, status, act, [standing])
      if (act === 'accept' || act === 'reject') expect(row !== undefined && standing !== 'offered').toBe(false)
      if (act === 'start') expect(row !== undefined && standing !== 'assignee').toBe(false)
    }
  })

  it('refuses an act on an ended incident with INCIDENT_CLOSED', () => {
    expect(() => judge(lifecycle, 'closed', 'start', ['assignee'])).toThrow(
      expect.objectContaining({ code: 'INCIDENT_CLOSED' }),
    )
  })

  it('says what is allowed instead', () => {
    expect(() => judge(lifecycle, 'assigned', 'assign', ['dispatcher'])).toThrow(
      expect.objectContaining({
        code: 'TRANSITION_NOT_ALLOWED',
        more: { extra: { status: 'assigned', allowed: allowedActs(lifecycle, 'assigned', ['dispatcher']) } },
      }),
    )
  })
})
