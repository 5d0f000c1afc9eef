import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, cpSync, rmSync, writeFileSync, mkdirSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensurePolicies } from '../acts/ensure-policies'
import { reportIncident } from '../acts/report-incident'
import { migrateDown, migrateToHead } from '../db/migrate'
import { addProvider, addUser } from '../test/builders/record'
import { startTestApi, type TestApi } from '../test/harness/api'
import { createTestDatabase } from '../test/harness/database'
import { startEngine, type TestEngine } from '../test/harness/engine'
import { eventually } from '../test/harness/eventually'
import { diagnose } from './doctor'
import { lineOf, type Finding } from './doctor/finding'
import { examineNode, settingsInWords } from './doctor/installation'

const ROOT = join(__dirname, '..')
/** An installation without sources, as an image is: generated files are not made anew to be compared, which takes seconds. */
const IMAGE = mkdtempSync(join(tmpdir(), 'kesi-doctor-image-'))
cpSync(join(ROOT, 'package.json'), join(IMAGE, 'package.json'))

const key = (): string => `t:${randomBytes(32).toString('base64')}`

let engine: TestEngine
let api: TestApi
let env: NodeJS.ProcessEnv

beforeAll(async () => {
  ;[engine, api] = await Promise.all([startEngine(), startTestApi()])
  await ensurePolicies(engine.db)
  env = {
    DATABASE_URL: engine.test.url,
    TEMPORAL_ADDRESS: process.env['TEST_TEMPORAL_ADDRESS'],
    KESI_TEMPORAL_NAMESPACE: process.env['TEST_TEMPORAL_NAMESPACE'],
    KESI_TASK_QUEUE_PREFIX: engine.target.queuePrefix,
    KESI_PORT: new URL(api.url).port,
    KESI_MODE: 'test',
    KESI_KEY_RING: key(),
    KESI_JWT_KEYS: key(),
    KESI_BLIND_INDEX_KEY: key(),
  }
})
afterAll(async () => {
  await engine.stop()
  await api.stop()
  rmSync(IMAGE, { recursive: true })
})

const failures = (findings: readonly Finding[]): string[] =>
  // Whether the generated files are fresh is another test's concern.
  findings.filter(each => each.state === 'failed' && each.part !== 'Generated files').map(each => each.part)

const found = async (change: NodeJS.ProcessEnv, part: string): Promise<Finding | undefined> =>
  (await diagnose({ ...env, ...change }, IMAGE)).find(each => each.part === part)

async function withPort(answer: (port: string) => Promise<void>): Promise<void> {
  const server = createServer(socket => socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    await answer(String((server.address() as AddressInfo).port))
  } finally {
    server.close()
  }
}

test('a whole installation has nothing to mend, and says what every part is', async () => {
  const findings = await eventually(async () => {
    const seen = await diagnose(env, ROOT)
    return failures(seen).length === 0 && seen
  })
  expect(findings.map(each => each.part)).toEqual([
    ...['Node', 'Configuration', 'Generated files', 'Channels', 'Port', 'PostgreSQL', 'Schema', 'Temporal', 'Worker'],
    ...['Policies', 'Unattended', 'Workflows', 'Clocks', 'Slots', 'Stories', 'Answers'],
  ])
  expect(findings.find(each => each.part === 'Channels')).toMatchObject({ state: 'note' })
})

test('all faults of the configuration come at once, each with its remedy, and no secret with them', async () => {
  const findings = await diagnose({ ...env, KESI_KEY_RING: 'hunter2', KESI_PROT: '1', KESI_LOG_LEVEL: 'loud' }, IMAGE)
  const faults = findings.filter(each => each.part === 'Configuration')
  expect(faults.map(each => each.says.split(' ')[0])).toEqual(['KESI_PROT', 'KESI_KEY_RING', 'KESI_LOG_LEVEL'])
  expect(faults.every(each => each.state === 'failed' && each.remedy)).toBe(true)
  expect(JSON.stringify(findings)).not.toContain('hunter2')
  expect((await diagnose({}, IMAGE)).find(each => each.part === 'Product')?.says).toContain('npm start')
})

test('the channels are named with their vendors, and so are receipts that would be refused', async () => {
  const expo = { KESI_EXPO_PUSH: 'on' }
  expect(await found(expo, 'Channels')).toMatchObject({
    state: 'ok',
    says: 'inbox always; push by expo; sms not configured; email not configured',
  })
  const africasTalking = {
    KESI_AFRICAS_TALKING_USERNAME: 'kesi',
    KESI_AFRICAS_TALKING_API_KEY: 'hunter2hunter2hunter2',
  }
  const lacking = await found({ ...expo, ...africasTalking }, 'Channels')
  expect(lacking).toMatchObject({ state: 'note' })
  expect(lacking?.says).toContain('sms by africas-talking')
  expect(lacking?.says).toContain('KESI_AFRICAS_TALKING_RECEIPT_SECRET')
  expect(lacking?.says).not.toContain('hunter2')
})

test('servers that are away are named, and what depends on them is not guessed at', async () => {
  const away = {
    DATABASE_URL: 'postgres://kesi:hunter2@127.0.0.1:1/kesi',
    TEMPORAL_ADDRESS: '127.0.0.1:1',
    KESI_PORT: '1',
  }
  const findings = await diagnose({ ...env, ...away }, IMAGE)
  expect(failures(findings)).toEqual(['Port', 'PostgreSQL', 'Temporal', 'Worker'])
  expect(findings.filter(each => each.state === 'failed').every(each => each.remedy)).toBe(true)
  expect(findings.map(lineOf).join('\n')).not.toContain('hunter2')
})

test('a stranger on the port, an unknown namespace and a queue without a worker', async () => {
  await withPort(async port => expect((await found({ KESI_PORT: port }, 'Port'))?.says).toContain('something else'))
  expect(await found({ KESI_TEMPORAL_NAMESPACE: 'nowhere' }, 'Temporal')).toMatchObject({ state: 'failed' })
  expect((await found({ KESI_TASK_QUEUE_PREFIX: 'nobody' }, 'Worker'))?.says).toContain(
    'nobody-incidents and nobody-notices',
  )
})

test('a schema that is not at head, and no policies', async () => {
  const { db, url, drop } = await createTestDatabase({ pool: 2 })
  await migrateDown(db)
  expect(await found({ DATABASE_URL: url }, 'Schema')).toMatchObject({ state: 'failed' })
  await migrateToHead(db)
  expect((await found({ DATABASE_URL: url }, 'Policies'))?.says).toContain('gbv')
  await drop()
})

test('a wrong counter, a story with a hole, and an incident nobody attends to are found with their ids', async () => {
  const { db } = engine
  const [miscounted, survivor] = [await addProvider(db, { capacity: 5 }), await addUser(db, 'survivor')]
  await addUser(db, 'dispatcher')
  const report = async (): Promise<string> =>
    (await reportIncident(engine.deps, { case_type: 'gbv', urgency: 'routine' }, engine.by('survivor', survivor)))
      .incidentId
  const [holed, forgotten] = [await report(), await report()]
  await engine.heard(forgotten)
  await engine.handle(forgotten).terminate('by hand')
  await db('provider_profiles').where({ user_id: miscounted }).update({ load: 3 })
  await db('events').where({ incident_id: holed, seq: 1 }).delete()
  await db('incidents')
    .where({ id: forgotten })
    .update({ next_deadline_at: new Date(Date.now() - 60_000) })
  const findings = await diagnose(env, IMAGE)
  expect(findings.find(each => each.part === 'Slots')?.says).toContain(miscounted)
  expect(findings.find(each => each.part === 'Stories')?.says).toContain(holed)
  expect(findings.find(each => each.part === 'Unattended')?.says).toContain(forgotten)
})

test('an old Node and a stale generated file', () => {
  expect(examineNode(ROOT, '20.18.9')).toMatchObject({ state: 'failed' })
  expect(examineNode(ROOT, '21.0.0')).toMatchObject({ state: 'ok' })
  const copy = mkdtempSync(join(tmpdir(), 'kesi-doctor-'))
  for (const path of ['package.json', 'api/routes.ts', 'docs', 'openapi.json']) {
    mkdirSync(join(copy, 'api'), { recursive: true })
    cpSync(join(ROOT, path), join(copy, path), { recursive: true })
  }
  writeFileSync(join(copy, 'docs', 'events.md'), 'changed by hand')
  const stale = diagnose({}, copy).then(findings => findings.find(each => each.part === 'Generated files'))
  return stale
    .then(finding => expect(finding).toMatchObject({ state: 'failed', remedy: 'npm run generate' }))
    .finally(() => rmSync(copy, { recursive: true }))
})

test('every setting is explained without its value', () => {
  const text = settingsInWords({ KESI_SMTP_URL: 'smtp://user:hunter2@mail' }).join('\n')
  expect(text).toContain('KESI_SMTP_URL: The mail server')
  expect(text).not.toContain('hunter2')
})
