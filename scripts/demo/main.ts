import { Changes } from './changes'
import { KesiRefusal } from '../../api/client/kesi-client'
import { Person } from './client'
import { FAST_POLICY } from './fast-policy'
import { findInstallation, NoStage, type Installation } from './installation'
import { Morning } from './morning'
import { urgentAccepted } from './scenes/accepted'
import { threeAtOnce } from './scenes/at-once'
import { urgentEscalated } from './scenes/escalated'
import { routineReviewed } from './scenes/routine'
import { withoutTemporal } from './scenes/without-temporal'
import { CutOff, Differs, Stage } from './stage'

const SCENES: readonly (readonly [title: string, play: (morning: Morning) => Promise<void>])[] = [
  ['An urgent report is accepted', urgentAccepted],
  ['An urgent report is refused twice, met with silence, and escalated', urgentEscalated],
  ['A routine report is reviewed and assigned', routineReviewed],
  ['Three reports at once, and each responder has one place', threeAtOnce],
  ['Temporal is stopped in the middle of a case', withoutTemporal],
]
const EXIT_WHEN_INTERRUPTED = 130
const NAMESPACE = 'kesi'

async function main(): Promise<number> {
  const cutOff = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => cutOff.abort())
  const installation = await findInstallation(process.env)
  const stage = new Stage(id => linkTo(installation, id), cutOff.signal)
  const { url, logins } = installation
  const admin = await Person.signIn(url, 'Achieng', logins.admin)
  const dispatcher = await Person.signIn(url, 'Wanjiku', logins.dispatcher)
  const { changes, leftBehind } = Changes.begin(installation)
  const stillLeft = (await leftBehind?.putBack(installation, admin, dispatcher)) ?? []
  for (const what of stillLeft) console.error(`Left behind by a play that was killed: ${what}`)
  const morning = new Morning(stage, installation, { admin, dispatcher }, changes)
  console.log(`A morning in Nairobi, played at ${url}`)
  const left: string[] = []
  try {
    await play(morning)
  } catch (error) {
    if (!(error instanceof CutOff)) throw error
    console.log('\ndemo: cut off')
    return EXIT_WHEN_INTERRUPTED
  } finally {
    left.push(...(await changes.putBack(installation, admin, dispatcher)))
    for (const what of left) console.error(`Could not be put back: ${what}`)
  }
  if (left.length > 0) return 1
  console.log(`\ndemo: ${stage.steps} steps, all as promised`)
  return 0
}

async function play(morning: Morning): Promise<void> {
  await morning.prepare()
  for (const [title, scene] of SCENES) {
    morning.stage.scene(title)
    await scene(morning)
  }
  morning.stage.scene('The end of the morning')
  await untilAllClosed(morning)
}

async function untilAllClosed({ stage, dispatcher, incidents }: Morning): Promise<void> {
  await stage.until('every case closes by itself', FAST_POLICY.auto_close_seconds + 30, async () => {
    const seen = await Promise.all(incidents.map(id => dispatcher.see(id)))
    return seen.every(({ status }) => status === 'closed') ? true : undefined
  })
  stage.tell(`All ${incidents.length} cases have closed by themselves.`)
}

function linkTo({ temporalUi }: Installation, incidentId: string): string | undefined {
  return temporalUi && `${temporalUi}/namespaces/${NAMESPACE}/workflows/incident:${incidentId}`
}

main().then(
  code => process.exit(code),
  (error: unknown) => {
    if (error instanceof NoStage) console.error(`${error.message}\nTo mend it: ${error.remedy}`)
    else if (error instanceof Differs) console.error(`\ndemo: not as promised. ${error.message}`)
    else if (error instanceof KesiRefusal) console.error(`\ndemo: not as promised. ${error.message}`)
    else console.error(error)
    process.exit(1)
  },
)
