import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { postmanFiles } from '../../scripts/generate/postman'
import { playCollection } from '../../scripts/postman'
import { seedDemo } from '../../scripts/seed'
import { newOpaqueToken } from '../../platform/tokens'
import { startTestApi, type TestApi } from '../harness/api'
import { CALLS, DOCUMENT } from './calls'

const files = postmanFiles(JSON.stringify(DOCUMENT))

describe('the Postman collection', () => {
  let api: TestApi
  let root: string
  beforeAll(async () => {
    api = await startTestApi()
    root = mkdtempSync(join(tmpdir(), 'kesi-postman-'))
    mkdirSync(join(root, 'docs', 'postman'), { recursive: true })
    writeFileSync(join(root, 'docs/postman/kesi.postman_collection.json'), files.collection)
    writeFileSync(join(root, 'docs/postman/kesi.postman_environment.json'), files.environment)
  })
  afterAll(async () => {
    rmSync(root, { recursive: true })
    await api.stop()
  })

  it('has a request for every call, and no secret', () => {
    for (const { operation } of CALLS) expect(files.collection).toContain(`(${operation.operationId})"`)
    expect(files.environment).not.toMatch(/"key": "\w+_password",\s+"value": "[^"]/)
  })

  it('runs against the product, and every test of it holds', async () => {
    const { acts, accounts } = api.deps
    const logins = await seedDemo({ ...acts, ...accounts }, newOpaqueToken)
    if (!logins) throw new Error('the database had accounts')
    expect(await playCollection({ url: api.url, logins, root }, 'silent')).toBe(0)
    const broken = api.log.filter(line => line['level'] === 'error')
    expect(broken).toEqual([])
  }, 120_000)
})
