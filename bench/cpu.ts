import { readdirSync, readFileSync } from 'node:fs'
import type { Figure } from './figures'

/** The clock ticks of one second, as Linux shows them to programs. */
const TICKS_PER_SECOND = 100

/** Seconds of processor time by the name of the process. */
export type CpuSeconds = Readonly<Record<string, number>>

/**
 * How much processor time each of these processes has used, children included; empty where the system does not show it as a file. Unlike
 * time on the clock it hardly depends on what else the machine does.
 */
export function cpuSeconds(pids: ReadonlyMap<string, number>): CpuSeconds {
  const all = readAll()
  const of = (pid: number): number =>
    all.reduce((sum, process) => sum + (process.pid === pid || process.parent === pid ? process.seconds : 0), 0)
  return all.length === 0 ? {} : Object.fromEntries([...pids].map(([name, pid]) => [name, of(pid)]))
}

/** What each process used for one thing done, as figures, beside what the floor used of the same process. */
export function cpuFigures(name: string, used: CpuForEach, floor: CpuForEach = {}): Figure[] {
  return Object.entries(used).map(([part, ms]) => {
    const least = floor[part]
    return { name: `${name}: CPU of ${part}`, unit: 'ms', ours: ms, ...(least === undefined ? {} : { floor: least }) }
  })
}

/** Milliseconds of processor time for each of `count` things done between two readings, by process. */
export function cpuForEach(before: CpuSeconds, after: CpuSeconds, count: number): CpuForEach {
  return Object.fromEntries(
    Object.keys(after).map(part => [part, (((after[part] ?? 0) - (before[part] ?? 0)) * 1000) / count]),
  )
}

/** Milliseconds of processor time for one thing done, by the name of the process. */
export type CpuForEach = Readonly<Record<string, number>>

interface Used {
  readonly pid: number
  readonly parent: number
  readonly seconds: number
}

function readAll(): Used[] {
  try {
    return readdirSync('/proc')
      .filter(name => /^\d+$/.test(name))
      .flatMap(read)
  } catch {
    return []
  }
}

function read(pid: string): Used[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in the second field may hold spaces and brackets: state, parent and the rest come after its last bracket.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0)
    return [{ pid: Number(pid), parent: Number(fields[1]), seconds: ticks / TICKS_PER_SECOND }]
  } catch {
    return []
  }
}
