import { closeDatabase, openDatabase } from '../db/database'
import type { Config } from '../platform/config'
import { connectTemporal } from '../platform/temporal/connection'
import { failed, lineOf, reasonOf, type Finding } from './doctor/finding'
import {
  examineChannels,
  examineConfiguration,
  examineGenerated,
  examineNode,
  examinePort,
  settingsInWords,
} from './doctor/installation'
import { examineRecord } from './doctor/record'
import { examineDatabase, examineTemporal, examineWorker } from './doctor/servers'

/** Looks at every part of the installation; changes nothing. `root` is the project's folder. */
export async function diagnose(env: NodeJS.ProcessEnv, root: string): Promise<Finding[]> {
  const { config, findings } = examineConfiguration(env)
  const here = [examineNode(root), ...findings, examineGenerated(root)]
  if (!config) return here
  return [...here, await examineChannels(config), await examinePort(config), ...(await examineServers(config))]
}

async function examineServers(config: Config): Promise<Finding[]> {
  const db = openDatabase({ url: config.databaseUrl, pool: 2, name: 'kesi-doctor' })
  const link = connectTemporal(config)
  try {
    const database = await examineDatabase(db)
    const temporal = await examineTemporal(link, config)
    const worker = await examineWorker(link, config)
    const isReadable = database.every(each => each.state !== 'failed')
    const record = isReadable ? await examineRecord(db).catch(unread) : []
    return [...database, temporal, worker, ...record]
  } finally {
    await link.close()
    await closeDatabase(db)
  }
}

const unread = (error: unknown): Finding[] => [
  failed('Record', `could not be read (${reasonOf(error)})`, 'see the log of PostgreSQL'),
]

/** `npm run doctor` explains the installation and fails when a part of it does; `-- --settings` lists the settings too. */
async function main(args: readonly string[]): Promise<void> {
  const print = (line: string): void => void process.stdout.write(`${line}\n`)
  if (args.includes('--settings')) settingsInWords(process.env).forEach(print)
  const findings = await diagnose(process.env, process.cwd())
  findings.map(lineOf).forEach(print)
  const count = findings.filter(each => each.state === 'failed').length
  print(count === 0 ? 'Nothing is wrong.' : `${count} ${count === 1 ? 'thing needs' : 'things need'} mending.`)
  process.exitCode = count === 0 ? 0 : 1
}

if (require.main === module)
  main(process.argv.slice(2)).catch((error: unknown) => {
    process.stderr.write(`the doctor failed: ${reasonOf(error)}\n`)
    process.exitCode = 1
  })
