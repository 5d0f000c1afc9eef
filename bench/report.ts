import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import type { Line, Spread } from './figures'
import type { Options } from './options'
import type { Row } from './row'
import { PROJECT } from './launcher'

/** On what the figures were measured. */
export interface Machine {
  readonly cores: number
  readonly processor: string
  readonly memory_gib: number
  readonly platform: string
  readonly node: string
  readonly postgres: string
  readonly temporal: string
}

export interface Results {
  readonly measured_at: string
  readonly commit: string
  readonly machine: Machine
  readonly runs: number
  readonly short: boolean
  readonly rows: readonly { readonly name: string; readonly about: string; readonly lines: readonly Line[] }[]
}

/** What this machine is, apart from the servers, which say it themselves. */
export function machineOf({ postgres, temporal }: Pick<Machine, 'postgres' | 'temporal'>): Machine {
  return {
    cores: cpus().length,
    processor: cpus()[0]?.model ?? 'unknown',
    memory_gib: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform}-${process.arch}`,
    node: process.version,
    postgres,
    temporal,
  }
}

/** The short commit of the sources, with `-changed` when the working tree differs from it but for kept results; `none` outside a repository. */
export function commitOf(): string {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: PROJECT, stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .trim()
  try {
    return (
      git('rev-parse', '--short', 'HEAD') +
      (git('status', '--porcelain', '--', '.', ':!bench/results') === '' ? '' : '-changed')
    )
  } catch {
    return 'none'
  }
}

export function resultsOf(
  measured: readonly { row: Row; lines: readonly Line[] }[],
  { machine, options, commit }: { machine: Machine; options: Options; commit: string },
): Results {
  return {
    measured_at: new Date().toISOString(),
    commit,
    machine,
    runs: options.runs,
    short: options.short,
    rows: measured.map(({ row, lines }) => ({ name: row.name, about: row.about, lines })),
  }
}

/** Writes the results as JSON and as Markdown into `bench/results/` and answers the paths without their endings. */
export function keepResults(results: Results): string {
  const dir = join(PROJECT, 'bench', 'results')
  mkdirSync(dir, { recursive: true })
  const stamp = results.measured_at.slice(0, 16).replaceAll(/[-:]/g, '').replace('T', '-')
  const base = join(dir, `${stamp}-${results.commit}${results.short ? '-short' : ''}`)
  writeFileSync(`${base}.json`, `${JSON.stringify(results, null, 2)}\n`)
  writeFileSync(`${base}.md`, markdownOf(results))
  return base
}

function markdownOf(results: Results): string {
  const { machine } = results
  const parts = [
    `# Bench of ${results.measured_at.slice(0, 10)}, commit ${results.commit}`,
    `${machine.cores} cores (${machine.processor}), ${machine.memory_gib} GiB, ${machine.platform}, Node ${machine.node}, PostgreSQL ${machine.postgres} (durable), Temporal ${machine.temporal} (file, WAL). Client, API, worker and servers share the machine. ${results.runs === 1 ? 'One run.' : `Median of ${results.runs} runs [least..most].`}${results.short ? ' Short sizes: for a look, not for comparing.' : ''}`,
  ]
  for (const { name, about, lines } of results.rows) {
    parts.push(`## ${name}`, about, tableOf(lines))
  }
  return `${parts.join('\n\n')}\n`
}

/** The lines as a Markdown table, which reads well in a terminal too. */
export function tableOf(lines: readonly Line[]): string {
  const rows = [
    ['measure', 'ours', 'floor', 'ratio', 'bar'],
    ...lines.map(line => [
      line.name,
      `${spreadText(line.ours)} ${line.unit === 'count' ? '' : line.unit}`.trim(),
      line.floor ? `${spreadText(line.floor)} ${line.unit === 'count' ? '' : line.unit}`.trim() : '-',
      line.ratio ? spreadText(line.ratio) : '-',
      barsText(line),
    ]),
  ]
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0))) ?? []
  const text = (row: readonly string[]): string =>
    `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`
  const [head = [], ...body] = rows
  return [text(head), text(widths.map(width => '-'.repeat(width))), ...body.map(text)].join('\n')
}

function spreadText({ median, least, most }: Spread): string {
  return least === most ? short(median) : `${short(median)} [${short(least)}..${short(most)}]`
}

const short = (value: number): string =>
  value >= 100 || Number.isInteger(value) ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2)

function barsText({ bars }: Line): string {
  if (bars.length === 0) return '-'
  return bars
    .map(({ of, atLeast, atMost, met }) => {
      const bound = atLeast === undefined ? `<= ${atMost}` : `>= ${atLeast}`
      return `${of === 'ratio' ? 'ratio ' : ''}${bound} ${met ? 'met' : 'MISSED'}`
    })
    .join(', ')
}
