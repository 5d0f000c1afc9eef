import { createLogger, temporalLogger, type LogLevel } from './logger'

function capture(level: LogLevel = 'trace') {
  const lines: string[] = []
  const logger = createLogger({ level, name: 'api', stream: { write: line => lines.push(line) } })
  return {
    logger,
    lines,
    line: () => JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown>,
    all: () => lines.join(''),
  }
}

test('a line is JSON with time, level, service, fields and message', () => {
  const { logger, line } = capture()
  logger.child({ incident_id: 'i-1' }).info({ rev: 3, code: 'OFFER_EXPIRED' }, 'an offer expired')
  expect(line()).toMatchObject({
    level: 'info',
    service: 'api',
    incident_id: 'i-1',
    rev: 3,
    code: 'OFFER_EXPIRED',
    msg: 'an offer expired',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
  })
})

test('lines below the level are not written', () => {
  const { logger, lines } = capture('warn')
  logger.info('quiet')
  logger.warn('heard')
  expect(lines).toHaveLength(1)
})

describe('what is personal', () => {
  const keys = [
    ...['name', 'first_name', 'fullName', 'Full-Name', 'email', 'phone', 'title', 'description', 'text', 'content'],
    ...['location', 'lat', 'lng', 'details', 'note', 'password', 'token', 'access', 'refresh', 'authorization'],
    ...['secret', 'reason', 'bindings', 'parameters', 'detail', 'cookie', 'device_token'],
  ]

  test.each(keys)('%s is redacted at every depth, in arrays and in children', key => {
    const { logger, all } = capture()
    const planted = { [key]: 'CANARY' }
    logger.info({ ...planted, a: planted, b: [{ c: planted }], d: { e: { f: { g: planted } } } }, 'planted')
    logger.child({ ...planted, a: { b: planted } }).info('planted')
    logger.info({ [key]: { inner: 'CANARY' } }, 'planted')
    logger.info({ [key]: ['CANARY'] }, 'planted')
    expect(all()).not.toContain('CANARY')
    expect(all()).toContain('[redacted]')
  })

  test('is recognised by its form where no key gives it away', () => {
    const { logger, all } = capture()
    logger.info({ about: 'call amina.w@example.org', then: '+254 712 345 678' }, 'told amina.w@example.org')
    logger.info({ server: 'postgres://kesi:hunter2@db:5432/kesi' }, 'at smtp://me:hunter2@mail')
    expect(all()).not.toMatch(/amina|712|hunter2/)
    expect(all()).toContain('db:5432/kesi')
  })

  test('ids, dates and numbers stay', () => {
    const { logger, line } = capture()
    const id = '018f3a52-7c1e-7b3a-9d2e-0a1b2c3d4e5f'
    logger.info({ incident_id: id, workflow: `incident:${id}`, at: new Date(0), rev: 7n, took_ms: 1.5 }, 'kept')
    expect(line()).toMatchObject({
      incident_id: id,
      workflow: `incident:${id}`,
      at: '1970-01-01T00:00:00.000Z',
      rev: '7',
      took_ms: 1.5,
    })
  })

  test('circles, depth and size come to an end', () => {
    const { logger, line } = capture()
    const circle: Record<string, unknown> = { id: 1 }
    circle.self = circle
    logger.info({ circle, bytes: Buffer.from('CANARY'), map: new Map([['CANARY', 1]]) }, 'cut')
    expect(line()).toMatchObject({ circle: { id: 1, self: '[cut]' }, bytes: '[bytes]', map: '[1 entries]' })
  })
})

describe('an error', () => {
  const pgError = () =>
    Object.assign(new Error('insert into "users" ("email") values (\'CANARY\') - duplicate key value'), {
      name: 'error',
      severity: 'ERROR',
      code: '23505',
      detail: 'Key (email)=(CANARY) already exists.',
      table: 'users',
      constraint: 'users_email_index_unique',
      where: 'CANARY',
      parameters: ['CANARY'],
      bindings: ['CANARY'],
      sql: 'CANARY',
    })

  test('of the database says its code, table and constraint, and none of its values', () => {
    const { logger, line, all } = capture()
    const wrapped = Object.assign(new Error('CANARY'), { name: 'UniqueViolationError', nativeError: pgError() })
    logger.error({ err: pgError() }, 'an act failed')
    expect(line().err).toMatchObject({
      name: 'error',
      code: '23505',
      table: 'users',
      constraint: 'users_email_index_unique',
      stack: expect.arrayContaining([expect.stringMatching(/^at /)]),
    })
    logger.error({ err: wrapped }, 'an act failed')
    expect(line().err).toMatchObject({ name: 'UniqueViolationError', cause: { code: '23505' } })
    logger.error({ err: new Error('could not save', { cause: pgError() }), deep: { list: [pgError()] } }, 'failed')
    logger.error({ err: new AggregateError([pgError()], 'all failed') }, 'failed')
    expect(all()).not.toContain('CANARY')
  })

  test.each([
    ['a parser', () => JSON.parse('{"a": CANARY}') as unknown],
    [
      'a mail server',
      () => Promise.reject(Object.assign(new Error('550 <CANARY>'), { responseCode: 550, response: 'CANARY' })),
    ],
    ['a quoted value', () => Promise.reject(new Error('no provider called \'CANARY\' and "CANARY"'))],
    ['a stack of many lines', () => Promise.reject(new SyntaxError('x\n    at CANARY\n CANARY'))],
    [
      'node',
      () =>
        Promise.reject(
          Object.assign(new TypeError("must be text. Received 'CANARY'"), { code: 'ERR_INVALID_ARG_TYPE' }),
        ),
    ],
    ['own fields', () => Promise.reject(Object.assign(new Error('failed'), { survivor: 'CANARY' }))],
  ])('of %s gives nothing away', async (_, act) => {
    const { logger, all } = capture()
    await (async () => await act())().catch((err: unknown) => logger.error({ err }, 'failed'))
    expect(all()).toContain('"err":{"name":')
    expect(all()).not.toContain('CANARY')
  })

  test('of our own making keeps its message and its cause', () => {
    const { logger, line } = capture()
    logger.error({ err: new TypeError("Cannot read properties of undefined (reading 'status')") }, 'failed')
    expect(line().err).toMatchObject({ message: "Cannot read properties of undefined (reading 'status')" })
    logger.error({ err: new Error('the relay stopped', { cause: new Error('no lease') }) }, 'failed')
    expect(line().err).toMatchObject({ message: 'the relay stopped', cause: { message: 'no lease' } })
  })
})

test("Temporal's own lines are written in our form", () => {
  const { logger, line } = capture()
  const adapted = temporalLogger(logger.child({ part: 'temporal' }))
  adapted.log('WARN', 'Activity failed', { workflowId: 'incident:1', error: new Error('x') })
  expect(line()).toMatchObject({ level: 'warn', part: 'temporal', workflowId: 'incident:1', error: { name: 'Error' } })
  adapted.info('Worker state changed', { state: 'RUNNING' })
  expect(line()).toMatchObject({ level: 'info', state: 'RUNNING', msg: 'Worker state changed' })
  adapted.log('STRANGE', 'said')
  expect(line()).toMatchObject({ level: 'info', msg: 'said' })
})
