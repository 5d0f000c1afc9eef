import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from '@temporalio/client'
import { kintaraa } from '../../api/dialects/kintaraa/kintaraa.client'
import { ROUTES } from '../../api/routes'
import { CASE_TYPES } from '../../domain/case-types'
import { STATUSES, URGENCIES } from '../../domain/statuses'
import { taskQueueName } from '../../workflows/contracts/incident'
import { SEARCH_ATTRIBUTES } from '../../workflows/contracts/search-attributes'
import { addPolicy } from '../builders/record'
import { eventually } from '../harness/eventually'
import { expectInvariants } from '../harness/invariants'
import { TestProduct } from '../harness/product'
import { Canaries, type Hit } from './canaries'
import { freeFields } from './free-fields'
import { Journeys } from './journeys'
import { leak } from './leak'
import { Senders, SENDERS, type Caught, type Sender } from './senders'
import { storedBytes, storedWorkflows, type StoredWorkflow } from './temporal-store'

/** Fields that take words by their form, and hold none of a person's. */
const NO_PERSON_WRITES_THERE: Readonly<Record<string, string>> = {
  '/api/auth/logout/ refresh': 'a token that the product made; it is searched for as one',
  '/api/api-keys/ name': 'a code of letters, digits and hyphens, so that it may stand in lists and logs',
  '/api/notices/preferences/ time_zone': 'a name out of the list of time zones, refused when there is none of it',
  '/api/dispatch/policies/ case_type': 'the code of a case type, refused when there is none of it',
  '/api/dispatch/policies/ offer.provider_types.*': 'codes of provider types',
  '/api/dispatch/policies/ clocks.*.code': 'the code of a clock, given by an administrator',
  '/clients/kintaraa/api/auth/register/ provider_type': 'a word out of a list, refused when it is not there',
  '/clients/kintaraa/api/incidents/ incident_date': 'a date, refused when it is none',
  '/clients/kintaraa/api/incidents/ incident_time': 'a time of day, refused when it is none',
  '/api/providers/me/ skills.*': 'what a responder can do: facets by which dispatch chooses, in the clear by design',
}

/** What stands in the address of what leaves, and may: it is how that vendor finds the recipient, and no other vendor gets it. */
const OWN_ADDRESS: Readonly<Record<Sender, RegExp>> = {
  email: /e-mail$|^token of a link$/,
  twilio: /phone$/,
  africasTalking: /phone$/,
  expo: /^device token$/,
  fcm: /^device token$/,
  webPush: /^subscription endpoint$/,
  webhook: /^(query of a )?webhook url$/,
}

let product: TestProduct
let journeys: Journeys
let workflows: StoredWorkflow[]
let senders: Senders
const canaries = new Canaries()

beforeAll(async () => {
  senders = await Senders.start()
  product = await TestProduct.start({
    env: { ...senders.env, KESI_DIALECT_KINTARAA: 'on', KESI_LOG_LEVEL: 'trace' },
  })
  await addPolicy(product.db, 'gbv', {
    review: { window_seconds: 2 },
    dispatch_ladder: [
      { after_seconds: 0, who: 'dispatchers_on_duty', channels: ['push', 'email'] },
      { after_seconds: 60, who: 'all_dispatchers_and_admins', channels: ['push', 'sms', 'email'] },
    ],
  })
  journeys = new Journeys(product, canaries, senders)
  await journeys.walk()
  await eventually(async () => !(await product.db('webhook_deliveries').whereNot({ state: 'delivered' }).first('id')), {
    withinMs: 20_000,
    everyMs: 100,
  })
  workflows = await storedWorkflows(product)
}, 300_000)

afterAll(async () => {
  await product?.stop()
  await senders?.stop()
}, 30_000)

/** Every row of every table, as text. */
async function searchDatabase(): Promise<Hit[]> {
  const { db } = product
  const { rows: tables } = await db.raw<{ rows: { name: string }[] }>(
    `select quote_ident(table_schema) || '.' || quote_ident(table_name) as name from information_schema.tables
     where table_schema not in ('pg_catalog', 'information_schema') and table_type = 'BASE TABLE'`,
  )
  const hits: Hit[] = []
  for (const { name } of tables) {
    const { rows } = await db.raw<{ rows: { row: string }[] }>(`select t::text as row from ${name} t`)
    hits.push(...canaries.find(name, rows.map(each => each.row).join('\n')))
  }
  return hits
}

function figures(): string {
  const bytes = storedBytes(product).length
  const lines = [product.api, product.worker, product.temporal].map(({ log }) => log.split('\n').length)
  return (
    `canary: ${canaries.planted.length} words planted; searched: the whole record, ${Math.round(bytes / 1024)} kB of Temporal's file, ` +
    `${workflows.length} histories, ${lines.join(' + ')} lines of logs, ${journeys.unentitled.length} answers, ` +
    `what left: ${Object.entries(senders.counts)
      .map(entry => entry.join(' '))
      .join(', ')}`
  )
}

test('a word was planted in every field into which somebody can write one', () => {
  const fields = [...freeFields(ROUTES), ...freeFields(kintaraa.routes)]
  const missed = fields.filter(field => !journeys.planted.has(field) && !(field in NO_PERSON_WRITES_THERE))
  expect(missed).toEqual([])
  expect(Object.keys(NO_PERSON_WRITES_THERE).filter(field => !fields.includes(field))).toEqual([])
  expect(canaries.planted.length).toBeGreaterThan(70)
  process.stdout.write(`${figures()}\n`)
})

test('the record holds none of them in the clear', async () => {
  expect(await searchDatabase()).toEqual([])
  const { rows } = await product.db.raw<{ rows: [{ count: number }] }>(
    'select count(*) as count from incidents where title is not null and description is not null and place is not null',
  )
  expect(rows[0].count).toBeGreaterThanOrEqual(6)
  await expectInvariants(product.db)
})

test('no uploaded file holds any of them', () => {
  const files = readdirSync(product.filesDir, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
  expect(files.length).toBeGreaterThan(0)
  for (const { parentPath, name } of files)
    expect(canaries.find('file', `${name} ${readFileSync(join(parentPath, name), 'latin1')}`)).toEqual([])
})

test("Temporal's file and its opened histories hold none of them", () => {
  expect(storedBytes(product).length).toBeGreaterThan(100_000)
  expect(canaries.find("Temporal's file", storedBytes(product))).toEqual([])
  expect(workflows.filter(each => each.type === 'incidentWorkflow').length).toBeGreaterThanOrEqual(6)
  expect(workflows.filter(each => each.type === 'noticeWorkflow').length).toBeGreaterThanOrEqual(20)
  expect(workflows.filter(each => each.type === 'webhookDeliveryWorkflow').length).toBeGreaterThanOrEqual(20)
  // That they were opened at all: ids are to be read there.
  for (const { id, opened } of workflows) expect(opened).toContain(`"${id.split(':')[1]}"`)
  expect(workflows.flatMap(({ id, opened }) => canaries.find(id, opened))).toEqual([])
})

test('no log holds any of them', () => {
  for (const [name, { log }] of Object.entries({
    api: product.api,
    worker: product.worker,
    temporal: product.temporal,
  })) {
    expect(canaries.find(`log of ${name}`, log)).toEqual([])
    if (name !== 'temporal') expect(log.split('\n').length).toBeGreaterThan(20)
  }
})

/** What left with a planted word in it, and what went to an address that is not one for this vendor. */
function leaksIn({ sender, address, rest }: Caught): Hit[] {
  const strange = canaries.find(`address of ${sender}`, address).filter(hit => !OWN_ADDRESS[sender].test(hit.planted))
  return [...strange, ...canaries.find(sender, rest)]
}

test('what left holds none of them but the address that it goes to, and each vendor has that alone (S1)', async () => {
  const caught = await senders.caught()
  for (const sender of SENDERS) {
    const addresses = caught.filter(each => each.sender === sender).map(({ address }) => address)
    expect([sender, canaries.find('', addresses.join('\n')).length > 0]).toEqual([sender, true])
  }
  expect(caught.flatMap(leaksIn)).toEqual([])
})

test('nobody is answered with any of them who may not see them', () => {
  expect(journeys.unentitled.length).toBeGreaterThanOrEqual(12)
  expect(journeys.unentitled.flatMap(({ request, text: answer }) => canaries.find(request, answer))).toEqual([])
})

test('workflow ids, queues, search attributes and memos are of the allow-list (S19)', () => {
  const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'
  const areas = Object.values(CASE_TYPES).flatMap(each => each.areas.map(area => area.code))
  const allowed: Readonly<Record<string, (value: unknown) => boolean>> = {
    [SEARCH_ATTRIBUTES.caseType.name]: value => Object.keys(CASE_TYPES).includes(String(value)),
    [SEARCH_ATTRIBUTES.status.name]: value => (STATUSES as readonly unknown[]).includes(value),
    [SEARCH_ATTRIBUTES.urgency.name]: value => (URGENCIES as readonly unknown[]).includes(value),
    [SEARCH_ATTRIBUTES.escalated.name]: value => typeof value === 'boolean',
    [SEARCH_ATTRIBUTES.openedAt.name]: value => value instanceof Date,
    [SEARCH_ATTRIBUTES.region.name]: value => areas.includes(String(value)),
    // Temporal's own: which builds of the worker worked on it.
    BuildIds: value => String(value).startsWith('unversioned'),
  }
  const queues = (['incidents', 'notices'] as const).map(queue => taskQueueName(product.config.taskQueuePrefix, queue))
  const strange = workflows.flatMap(({ id, taskQueue, memo, searchAttributes }) => [
    ...(new RegExp(`^(incident|notice|webhook-delivery):${uuid}$`).test(id) ? [] : [`id ${id}`]),
    ...(queues.includes(taskQueue) ? [] : [`queue ${taskQueue}`]),
    ...Object.keys(memo).map(name => `memo ${name}`),
    ...Object.entries(searchAttributes).flatMap(([name, values]) =>
      (Array.isArray(values) ? values : [values])
        .filter(value => !allowed[name]?.(value))
        .map(value => `search attribute ${name} = ${String(value)}`),
    ),
  ])
  expect(strange).toEqual([])
  expect(workflows.filter(each => SEARCH_ATTRIBUTES.region.name in each.searchAttributes).length).toBeGreaterThan(0)
})

test('a word that leaves would be found, whoever carries it, and an address that the wrong one got', async () => {
  const word = canaries.word('proof of leaving')
  await leak(senders, product.config, `Jambo \u2013 ${'and so on '.repeat(9)}${word.toUpperCase()}`)
  const caught = await senders.caught()
  // Notices of the journeys may still be on their way, so it need not be the last that left.
  const leaking = caught.filter(each => leaksIn(each).some(hit => hit.planted === 'proof of leaving'))
  expect(SENDERS.filter(sender => !leaking.some(each => each.sender === sender))).toEqual([])
  const address = canaries.phone("somebody's phone")
  const found = SENDERS.filter(sender => leaksIn({ sender, address, rest: '' }).length > 0)
  expect(found).toEqual(['email', 'expo', 'fcm', 'webPush', 'webhook'])
})

// Last, because it plants in the clear.
test('a word in the clear would be found: in a row, in a history, in a log line', async () => {
  const word = canaries.word('proof')
  await product
    .db('incidents')
    .limit(1)
    .update({ title: `somebody wrote ${word.toUpperCase()}` })
  expect(await searchDatabase()).toEqual([{ where: 'public.incidents', planted: 'proof', written: 'plain' }])
  await product
    .db('incidents')
    .where({ title: `somebody wrote ${word.toUpperCase()}` })
    .update({
      title: Buffer.from(`somebody wrote ${word}`).toString('base64'),
    })
  expect(await searchDatabase()).toEqual([{ where: 'public.incidents', planted: 'proof', written: 'base64' }])

  const withoutCodec = new Client({ connection: product.link.connection, namespace: product.config.temporalNamespace })
  await withoutCodec.workflow.start('nobodysWorkflow', {
    workflowId: 'proof',
    taskQueue: 'nobody',
    args: [{ note: word }],
  })
  expect(canaries.find('file', storedBytes(product))).toEqual([{ where: 'file', planted: 'proof', written: 'plain' }])
  const proof = (await storedWorkflows(product)).find(each => each.id === 'proof')
  expect(canaries.find('history', proof?.opened ?? '')).toEqual([
    { where: 'history', planted: 'proof', written: 'plain' },
  ])
  expect(canaries.find('log', JSON.stringify({ msg: `said ${word}` }))).toHaveLength(1)
})
