import { NOTICES, type WithVariable } from './notices'

describe('the catalogue of notices', () => {
  it('does not compile with a variable in a text', () => {
    const name: string = 'somebody'
    const catalogue = {
      plain: { text: 'There is news. Sign in to read it.' },
      leaky: { text: `There is news of ${name}.` },
      vague: { text: name },
    } as const
    const found: WithVariable<typeof catalogue>[] = ['leaky', 'vague']
    // @ts-expect-error Its words stand there as they are.
    found.push('plain')
    expect(found).toHaveLength(3)
    expect(Object.keys(catalogue)).toEqual(expect.arrayContaining(found))
  })

  it('says nothing that a stranger could learn from: no digit, no address, no code', () => {
    for (const [code, { text }] of Object.entries(NOTICES))
      if (code !== 'account.password_reset')
        expect([code, text]).toEqual([code, expect.not.stringMatching(/[\d@<>{}$]/)])
  })
})
