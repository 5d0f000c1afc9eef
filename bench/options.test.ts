import { readOptions } from './options'

const ROWS = ['intake', 'whole']

describe('the arguments of the bench', () => {
  it('runs every row three times when nothing is said, and once with small sizes when short', () => {
    expect(readOptions([], ROWS)).toMatchObject({ rows: ROWS, runs: 3, short: false })
    expect(readOptions(['--short'], ROWS)).toMatchObject({ runs: 1, short: true })
  })

  it('takes rows and sizes', () => {
    const { rows, runs, sizes, profileDir } = readOptions(
      ['whole', '--runs=2', '--deadlines=50', '--profile=prof'],
      ROWS,
    )
    expect({ rows, runs, deadlines: sizes.deadlines, profileDir }).toEqual({
      rows: ['whole'],
      runs: 2,
      deadlines: 50,
      profileDir: 'prof',
    })
  })

  it.each([['nonsense'], ['--runs=0'], ['--runs=x'], ['--fast']])('refuses %s and shows the usage', argument => {
    expect(() => readOptions([argument], ROWS)).toThrow('npm run bench')
  })
})
