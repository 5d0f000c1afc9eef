import { Paced } from './paced'

beforeEach(() => jest.useFakeTimers())
afterEach(() => jest.useRealTimers())

const paced = (onFull: () => void = () => undefined) => {
  const sent: string[] = []
  return { sent, paced: new Paced(text => void sent.push(text), onFull) }
}

describe('what is sent at a pace', () => {
  it('begins with what was missed, and leaves one at a time', () => {
    const { sent, paced: each } = paced()
    each.say('live')
    expect(sent).toEqual([])
    each.begin(['missed', 'missed too'])
    expect(sent).toEqual(['missed'])
    jest.advanceTimersByTime(99)
    expect(sent).toEqual(['missed'])
    jest.advanceTimersByTime(101)
    expect(sent).toEqual(['missed', 'missed too', 'live'])
  })

  it('waits no longer than it must', () => {
    const { sent, paced: each } = paced()
    each.begin([])
    each.say('one')
    jest.advanceTimersByTime(100)
    each.say('two')
    expect(sent).toEqual(['one', 'two'])
  })

  it('is not sent any more to somebody who left', () => {
    const { sent, paced: each } = paced()
    each.begin(['one', 'two'])
    each.stop()
    jest.advanceTimersByTime(1_000)
    expect(sent).toEqual(['one'])
  })

  it('does not pile up without end', () => {
    const onFull = jest.fn()
    const { paced: each } = paced(onFull)
    for (let n = 0; n < 601; n++) each.say(String(n))
    expect(onFull).toHaveBeenCalledTimes(1)
  })
})
