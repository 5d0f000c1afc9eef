import { findInstallation, NoStage } from '../demo/installation'
import { whyNoApp } from './device'
import { tellStory } from './story'

/** Drives the Kintaraa app's own service layer, from a checkout of its repository, against the product that runs beside this script. */
async function main(): Promise<void> {
  const appPath = process.env['KINTARAA_APP_PATH']
  const reason = whyNoApp(appPath)
  if (reason !== undefined || !appPath) return void console.log(`kintaraa-client: skipped, ${reason}`)
  const { url, logins } = await findInstallation(process.env)
  const baseUrl = `${url}/clients/kintaraa/api`
  if (!(await fetch(`${baseUrl}/auth/health/`)).ok)
    throw new NoStage('The app is not served here.', 'start the product with KESI_DIALECT_KINTARAA=on')
  const rescuers = logins.providers.filter(({ provider_type }) => provider_type === 'gbv_rescue')
  const cast = { dispatcher: logins.dispatcher, rescuers }
  await tellStory({ appPath, baseUrl, cast, say: line => console.log(`- ${line}`) })
  console.log('kintaraa-client: every answer was as its screens need it')
}

main().catch((error: unknown) => {
  console.error(error instanceof NoStage ? `${error.message}\n${error.remedy}` : error)
  process.exitCode = 1
})
