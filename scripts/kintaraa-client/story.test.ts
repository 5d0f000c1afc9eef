import { kintaraa } from '../../api/dialects/kintaraa/kintaraa.client'
import { PASSWORD, someoneWithPassword } from '../../test/builders/accounts'
import { startWithApp } from '../../test/builders/app'
import { whyNoApp } from './device'
import { tellStory } from './story'

const appPath = process.env['KINTARAA_APP_PATH']
const reason = whyNoApp(appPath)
if (reason !== undefined) console.log(`The app’s own service layer is not driven: ${reason}.`)

;(reason === undefined ? it : it.skip)(
  'the app’s own service layer finds all that its screens need',
  async () => {
    const app = await startWithApp({ sockets: {} })
    const { api } = app.people
    const [dispatcher, provider] = [
      await someoneWithPassword(api, 'dispatcher'),
      await someoneWithPassword(api, 'provider'),
    ]
    await api.database
      .db('provider_profiles')
      .where({ user_id: provider.id })
      .update({ verification: 'verified', capacity: 3 })
    const told: string[] = []
    try {
      await tellStory({
        appPath: appPath ?? '',
        baseUrl: `${api.url}${kintaraa.prefix}/api`,
        cast: {
          dispatcher: { email: dispatcher.email, password: PASSWORD },
          rescuers: [{ email: provider.email, password: PASSWORD }],
        },
        say: line => void told.push(line),
      })
      expect(told.at(-1)).toMatch(/refused before it opens/)
    } finally {
      await api.stop()
    }
  },
  120_000,
)
