import { isWorkerPolling } from '../../adapters/temporal/worker-presence'
import type { Database } from '../../db/database'
import { readServerVersion } from '../../db/installation.repository'
import { isAtHead } from '../../db/migrate'
import type { Config } from '../../platform/config'
import type { TemporalLink } from '../../platform/temporal/connection'
import { TASK_QUEUES, taskQueueName } from '../../workflows/contracts/incident'
import { SEARCH_ATTRIBUTES } from '../../workflows/contracts/search-attributes'
import { failed, ok, reasonOf, type Finding } from './finding'

const OLDEST_POSTGRES = 150_000

/** Is PostgreSQL there, new enough, and its schema at head? */
export async function examineDatabase(db: Database): Promise<Finding[]> {
  try {
    const { number, words } = await readServerVersion(db)
    const server =
      number >= OLDEST_POSTGRES
        ? ok('PostgreSQL', `answers, version ${words}`)
        : failed('PostgreSQL', `version ${words} is too old`, 'use PostgreSQL 15 or newer')
    const schema = (await isAtHead(db))
      ? ok('Schema', 'at head')
      : failed('Schema', 'migrations are waiting', 'start the product anew, or run: node dist/db/migrate.js')
    return [server, schema]
  } catch (error) {
    const remedy =
      'see that the server in DATABASE_URL runs and lets this user in; the embedded one runs with npm start'
    return [failed('PostgreSQL', `does not answer (${reasonOf(error)})`, remedy)]
  }
}

/** Is Temporal there, with our namespace and the search attributes that workflows set? */
export async function examineTemporal(link: TemporalLink, config: Config): Promise<Finding> {
  const { temporalAddress: address, temporalNamespace: namespace } = config
  try {
    const { customAttributes } = await link.withDeadline(client =>
      client.connection.operatorService.listSearchAttributes({ namespace }),
    )
    const missing = Object.values(SEARCH_ATTRIBUTES).filter(({ name }) => !(name in (customAttributes ?? {})))
    if (missing.length === 0) return ok('Temporal', `answers at ${address}, namespace ${namespace}`)
    const flags = missing.map(({ name, type }) => ` --name ${name} --type ${spoken(type)}`).join('')
    const remedy = `temporal operator search-attribute create --address ${address} --namespace ${namespace}${flags}`
    return failed('Temporal', `namespace ${namespace} lacks search attributes`, remedy)
  } catch (error) {
    const remedy = `see that a Temporal server runs at ${address} and has the namespace ${namespace}; npm start runs one`
    return failed('Temporal', `does not answer at ${address} (${reasonOf(error)})`, remedy)
  }
}

/** The type as Temporal's command line calls it. */
const spoken = (type: string): string => type.charAt(0) + type.slice(1).toLowerCase()

/** Does a worker wait for work of every queue? */
export async function examineWorker(link: TemporalLink, config: Config): Promise<Finding> {
  const queues = (Object.keys(TASK_QUEUES) as (keyof typeof TASK_QUEUES)[]).map(queue =>
    taskQueueName(config.taskQueuePrefix, queue),
  )
  const isPolled = await Promise.all(queues.map(queue => isWorkerPolling(link, queue)))
  const idle = queues.filter((_, index) => !isPolled[index])
  if (idle.length === 0) return ok('Worker', `waits for work of ${queues.join(' and ')}`)
  return failed(
    'Worker',
    `nobody waits for work of ${idle.join(' and ')}`,
    'start a worker: npm start, or node dist/worker/main.js',
  )
}
