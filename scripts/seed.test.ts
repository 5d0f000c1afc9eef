import { randomBytes } from 'node:crypto'
import { createTestDatabase, type TestDatabase } from '../test/harness/database'
import { loadConfig } from '../platform/config'
import { logIn } from '../acts/accounts/log-in'
import { seedDemo, seedDeps } from './seed'

let test: TestDatabase
let deps: ReturnType<typeof seedDeps>
beforeEach(async () => {
  test = await createTestDatabase()
  const key = `demo-1:${randomBytes(32).toString('base64')}`
  const config = loadConfig({
    DATABASE_URL: test.url,
    KESI_KEY_RING: key,
    KESI_JWT_KEYS: key,
    KESI_BLIND_INDEX_KEY: key,
  })
  deps = seedDeps(test.db, config)
})
afterEach(() => test.drop())

const password = (): string => 'mango-river-42'

describe('the demo seed', () => {
  it('brings everybody, ready to work, with log-ins that work', async () => {
    const logins = await seedDemo(deps, password)
    const { account } = await logIn(
      deps,
      { name: { email: logins?.dispatcher.email ?? '' }, password: password() },
      { network: '127.0.0.1', device: 'Test' },
    )
    expect(account).toMatchObject({ role: 'dispatcher', first_name: 'Wanjiku' })
    expect(logins?.providers.map(each => each.provider_type).sort()).toEqual([
      ...['ambulance_crew', 'ambulance_crew', 'chw', 'counseling', 'gbv_rescue', 'gbv_rescue', 'gbv_rescue'],
      ...['healthcare', 'legal', 'police', 'social_services'],
    ])
    const idle = await test.db('provider_profiles').whereNot({ verification: 'verified', availability: 'available' })
    expect(idle).toEqual([])
    const roles = await test.db('users').where({ is_demo: true }).groupBy('role').select('role').count('* as count')
    expect(Object.fromEntries(roles.map(({ role, count }) => [role, count]))).toEqual({
      admin: 1,
      dispatcher: 2,
      survivor: 1,
      provider: 11,
    })
  })

  it('does nothing where there are accounts, also when two seeds run at once', async () => {
    const [first, second] = await Promise.all([seedDemo(deps, password), seedDemo(deps, password)])
    expect([first, second].filter(logins => logins === null)).toHaveLength(1)
    expect(await seedDemo(deps, password)).toBeNull()
    expect(await test.db('users').count('* as count').first()).toEqual({ count: 15 })
  })

  it('leaves nothing behind when it breaks off', async () => {
    let left = 5
    const breaksOff = (): string => {
      if (left-- === 0) throw new Error('the power is gone')
      return password()
    }
    await expect(seedDemo(deps, breaksOff)).rejects.toThrow('the power is gone')
    expect(await test.db('users').count('* as count').first()).toEqual({ count: 0 })
  })
})
