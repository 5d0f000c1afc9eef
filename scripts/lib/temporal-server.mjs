import { connect } from 'node:http2'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'

const ANSWER_WITHIN_MS = 2000
const GRPC_OK = 0
const GRPC_NOT_FOUND = 5
const SEARCH_ATTRIBUTES = [
  'CaseType=Keyword',
  'IncidentStatus=Keyword',
  'Urgency=Keyword',
  'Escalated=Bool',
  'OpenedAt=Datetime',
  'Region=Keyword',
]

// One partition per task queue: with more, a lone worker's polls and the tasks meet through forwarding, which costs time and gains nothing.
const ONE_PARTITION = ['matching.numTaskqueueReadPartitions=1', 'matching.numTaskqueueWritePartitions=1']

// The development server asks its store for the known search attributes at every write that uses one. Ours are made before it serves.
const KNOWN_ATTRIBUTES = ['system.forceSearchAttributesCacheRefreshOnRead=false']

// The frontend lets tests move a workflow's clock; the shift, 1 s by default, is what each such move would cost in real time.
const TIME_TRAVEL = ['frontend.WorkflowTimeSkippingEnabled=true', 'history.timerProcessorMaxTimeShift="1ms"']

/**
 * On one machine the engine leaves the processor to those who answer people: what they did is a fact without it, and it catches up. At
 * this niceness it still gets a tenth of the time that one of them gets; notices are sent by it, so it must not starve.
 */
export const BEHIND_THE_RECORD = 10

/**
 * How the server, a Go program, uses its machine. Half of the processors: spread over more, its threads spend a good part of their time
 * waking each other. And a heap that grows further between collections, up to a soft limit.
 */
const goRuntime = () => ({
  GOMAXPROCS: String(Math.max(1, Math.floor(availableParallelism() / 2))),
  GOGC: '400',
  GOMEMLIMIT: '1GiB',
})

/**
 * The product's own Temporal server as a program to launch: it keeps its file, has a UI, and decodes payloads there through the API.
 * SQLite's WAL with synchronous NORMAL survives the end of the process; a power cut may lose the last commits, which the record restores.
 */
export function temporalForProduct({ cli, dbFile, namespace, port, uiPort, codecEndpoint, folders }) {
  const args = [
    ...['--db-filename', dbFile],
    ...['--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=NORMAL'],
    ...['--ui-ip', '127.0.0.1', '--ui-port', String(uiPort)],
    ...['--ui-codec-endpoint', codecEndpoint, '--ui-disable-news-fetch'],
    ...dynamicConfig([...ONE_PARTITION, ...KNOWN_ATTRIBUTES]),
  ]
  return { ...temporalProgram({ cli, namespace, port, args, folders }), niceness: BEHIND_THE_RECORD }
}

/** A Temporal server for tests as a program to launch: in memory, without a UI, and able to skip time. */
export function temporalForTests({ cli, namespace, port, folders }) {
  const args = ['--headless', ...dynamicConfig([...ONE_PARTITION, ...KNOWN_ATTRIBUTES, ...TIME_TRAVEL])]
  return temporalProgram({ cli, namespace, port, args, folders })
}

/** What a Temporal server says about a namespace: 'ready', 'missing', 'silent' (nobody answers) or 'other' (it answers something else). */
export async function askForNamespace(address, namespace) {
  const reply = await describeNamespace(address, namespace)
  if (reply === undefined) return 'silent'
  if (reply === GRPC_OK) return 'ready'
  return reply === GRPC_NOT_FOUND ? 'missing' : 'other'
}

/** The command that makes the namespace with its search attributes on a Temporal server that has none. */
export function namespaceCommand(address, namespace) {
  const attributes = SEARCH_ATTRIBUTES.map(each => each.split('='))
  return [
    `temporal operator namespace create --address ${address} --namespace ${namespace} --retention 720h`,
    `temporal operator search-attribute create --address ${address} --namespace ${namespace}` +
      attributes.map(([name, type]) => ` --name ${name} --type ${type}`).join(''),
  ].join(' && ')
}

function temporalProgram({ cli, namespace, port, args, folders }) {
  return {
    name: 'temporal',
    command: cli,
    args: [
      ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--namespace', namespace],
      ...SEARCH_ATTRIBUTES.flatMap(each => ['--search-attribute', each]),
      ...['--log-level', 'warn'],
      ...args,
    ],
    env: goRuntime(),
    logFile: join(folders.logs, 'temporal.log'),
    pidFile: join(folders.pids, 'temporal.json'),
    stopSignal: 'SIGINT',
    graceMs: 3000,
    ready: async () => (await askForNamespace(`127.0.0.1:${port}`, namespace)) === 'ready',
    readyWithinMs: 60_000,
    remedy: `run "${cli} server start-dev --help" to see whether the program works, or set TEMPORAL_ADDRESS to a running server`,
  }
}

function dynamicConfig(values) {
  return values.flatMap(value => ['--dynamic-config-value', value])
}

// gRPC by hand, because this runs before anything is installed: one HTTP/2 request whose status comes in a header or a trailer.
function describeNamespace(address, namespace) {
  return new Promise(resolve => {
    const session = connect(`http://${address}`)
    const finish = status => {
      session.destroy()
      resolve(status)
    }
    session.setTimeout(ANSWER_WITHIN_MS, () => finish(undefined))
    session.once('error', () => finish(undefined))
    const request = session.request({
      ':method': 'POST',
      ':path': '/temporal.api.workflowservice.v1.WorkflowService/DescribeNamespace',
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    const readStatus = headers => {
      if (headers['grpc-status'] !== undefined) finish(Number(headers['grpc-status']))
    }
    request.on('response', readStatus)
    request.on('trailers', readStatus)
    request.on('error', () => finish(undefined))
    request.resume()
    request.end(grpcMessage(namespace))
  })
}

// The frame is one flag byte and four of length; the message has one field, number 1, the namespace as a string.
function grpcMessage(namespace) {
  const name = Buffer.from(namespace)
  const frame = Buffer.alloc(5)
  frame.writeUInt32BE(name.length + 2, 1)
  return Buffer.concat([frame, Buffer.from([0x0a, name.length]), name])
}
