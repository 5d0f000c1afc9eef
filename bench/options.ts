/** How much a run does. Counts are incidents, unless they say otherwise. */
export interface Sizes {
  /** Calls of a load with this many callers at once. */
  calls(atOnce: number): number
  /** Whole incidents of a load with this many callers at once. */
  wholes(atOnce: number): number
  /** Whole incidents that are lived before anything is measured. */
  warmUp: number
  /** Seconds of the open loop of reports. */
  offerSeconds: number
  /** Offers that become due. */
  deadlines: number
  /** Seconds over which they are due in the spread. */
  spreadSeconds: number
  /** Open incidents to rebuild. */
  rebuild: number
  /** Incidents in the record that is read. */
  readable: number
  /** Seconds of each open loop of reads, and of messages to sockets. */
  readSeconds: number
  /** Seconds of the open loop of urgent reports whose pushes are waited for. */
  pushSeconds: number
  /** Urgent reports made at once. */
  pushBurst: number
  /** Sockets, half of them on each of two replicas. */
  sockets: number
}

export interface Options {
  readonly rows: readonly string[]
  readonly runs: number
  readonly short: boolean
  readonly sizes: Sizes
  readonly profileDir: string | undefined
}

const FULL: Sizes = {
  calls: atOnce => (atOnce === 1 ? 300 : 2000),
  wholes: atOnce => (atOnce === 1 ? 60 : 600),
  warmUp: 1000,
  offerSeconds: 10,
  deadlines: 2000,
  spreadSeconds: 60,
  rebuild: 1000,
  readable: 100_000,
  readSeconds: 10,
  pushSeconds: 60,
  pushBurst: 200,
  sockets: 1_000,
}

const SHORT: Sizes = {
  calls: atOnce => (atOnce === 1 ? 30 : 150),
  wholes: atOnce => (atOnce === 1 ? 10 : 60),
  warmUp: 20,
  offerSeconds: 2,
  deadlines: 60,
  spreadSeconds: 3,
  rebuild: 60,
  readable: 5_000,
  readSeconds: 2,
  pushSeconds: 4,
  pushBurst: 20,
  sockets: 50,
}

const RUNS = 3

export const USAGE = `npm run bench [-- row ...] [--short] [--runs=3] [--deadlines=2000] [--spread=60] [--rebuild=1000] [--readable=100000] [--sockets=1000] [--profile=folder]`

/** Reads the arguments; throws with the usage when one is not understood. */
export function readOptions(args: readonly string[], rowNames: readonly string[]): Options {
  const rows = args.filter(each => !each.startsWith('--'))
  const unknown = rows.find(row => !rowNames.includes(row))
  if (unknown !== undefined) throw new Error(`There is no row ${unknown}; there are ${rowNames.join(', ')}.\n${USAGE}`)
  const flags = new Map(args.filter(each => each.startsWith('--')).map(flagOf))
  const number = (name: string, fallback: number): number => {
    const text = flags.get(name)
    flags.delete(name)
    if (text === undefined) return fallback
    if (!/^[1-9]\d{0,6}$/.test(text)) throw new Error(`--${name} needs a whole number from 1.\n${USAGE}`)
    return Number(text)
  }
  const short = flags.delete('short')
  const base = short ? SHORT : FULL
  const runs = number('runs', short ? 1 : RUNS)
  const sizes = {
    ...base,
    deadlines: number('deadlines', base.deadlines),
    spreadSeconds: number('spread', base.spreadSeconds),
    rebuild: number('rebuild', base.rebuild),
    readable: number('readable', base.readable),
    sockets: number('sockets', base.sockets),
  }
  const profileDir = flags.get('profile')
  flags.delete('profile')
  const [left] = flags.keys()
  if (left !== undefined) throw new Error(`--${left} is no flag.\n${USAGE}`)
  return { rows: rows.length > 0 ? rows : rowNames, runs, short, sizes, profileDir }
}

function flagOf(text: string): [string, string] {
  const [name = '', value = ''] = text.slice(2).split('=')
  return [name, value]
}
