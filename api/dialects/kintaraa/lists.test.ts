import { startWithApp, type App } from '../../../test/builders/app'

let app: App
beforeAll(async () => {
  app = await startWithApp()
})
afterAll(() => app.people.api.stop())

const PAST_THE_END = 201

it('lists are cut at 200, and a link leads to the rest', async () => {
  const { survivor, dispatcher } = app.people
  const { body: first } = await app.report()
  // As many rows as it takes, without a text: theirs would be sealed for the first one.
  await app.people.api.database.db.raw(
    `insert into incidents
     select (jsonb_populate_record(i, jsonb_build_object('id', gen_random_uuid(), 'code', i.code || n, 'description', null,
       'details', null, 'created_at', i.created_at - n * interval '1 minute'))).*
     from incidents i, generate_series(2, ${PAST_THE_END}) n where i.id = ?`,
    [first.id],
  )
  for (const [path, by] of [
    ['/incidents/', survivor],
    ['/dispatch/cases/', dispatcher],
  ] as const) {
    const page = await app.call('GET', path, { by })
    expect([page.body.length, page.body[0].id]).toEqual([200, first.id])
    const link = /^<http:\/\/kesi\.test\/clients\/kintaraa\/api(\S+)>; rel="next"$/.exec(page.headers.get('link') ?? '')
    expect(link?.[1]).toBe(`${path}?page=2`)
    const rest = await app.call('GET', link?.[1] ?? '', { by })
    expect([rest.body.length, rest.headers.get('link')]).toEqual([1, null])
  }
})
