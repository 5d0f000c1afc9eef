import { Failure } from './failure.mjs'
import { describeExit, launch, rotateLog } from './launch.mjs'
import { lastLines, rememberedProcess } from './processes.mjs'

const LONGEST_PAUSE_MS = 30_000
const FIRST_PAUSE_MS = 1000
const STEADY_AFTER_MS = 60_000
const DEATHS_TO_GIVE_UP = 5
const DEATHS_WITHIN_MS = 60_000
const LINES_IN_AN_ERROR = 15

/**
 * Keeps a set of server processes running: one that ends by itself is started again after a pause that doubles (1 to 30 s), said aloud.
 * `failed` rejects when one ends before the set is complete (`settled()`), or five times within a minute; then everything must end.
 */
export class Supervisor {
  #say
  #children = []
  #settled = false
  #ending = new AbortController()
  #fail

  constructor(say) {
    this.#say = say
    this.failed = new Promise((_, reject) => (this.#fail = reject))
    // Whoever awaits it later still sees the rejection; until then it must not count as unhandled.
    this.failed.catch(() => {})
  }

  /** Launches a program (see launch.mjs) and watches it from now on. Programs of a higher stage end before those of a lower one. */
  async start(program, stage) {
    rotateLog(program.logFile)
    this.#ending.signal.throwIfAborted()
    const child = { program, stage, deaths: [], tries: 0, timer: undefined, running: undefined, launching: undefined }
    this.#children.push(child)
    await this.#launch(child)
  }

  /** From now on a process that ends is started again instead of failing the start. */
  settled() {
    this.#settled = true
  }

  /** Ends everything, the last stage first and the programs of one stage together. */
  async stopAll() {
    this.#ending.abort()
    for (const child of this.#children) clearTimeout(child.timer)
    const stages = [...new Set(this.#children.map(child => child.stage))].sort((a, b) => b - a)
    for (const stage of stages) {
      await Promise.all(this.#children.filter(child => child.stage === stage).map(child => this.#stop(child)))
    }
  }

  /** Ends everything at once, without a chance to finish. */
  killAll() {
    this.#ending.abort()
    for (const { program } of this.#children) {
      const pid = rememberedProcess(program.pidFile)
      if (pid) process.kill(pid, 'SIGKILL')
    }
  }

  async #launch(child) {
    child.launching = launch(child.program, this.#ending.signal)
    child.running = await child.launching
    const began = Date.now()
    void child.running.exit.then(how => this.#ended(child, how, Date.now() - began))
  }

  async #stop(child) {
    // One that is only just starting sees the end coming and ends itself.
    await child.launching?.catch(() => {})
    await child.running?.stop()
  }

  #ended(child, how, livedMs) {
    if (this.#ending.signal.aborted) return
    if (livedMs >= STEADY_AFTER_MS) child.tries = 0
    this.#died(child, `${child.program.name} ${describeExit(how)}`)
  }

  #died(child, what) {
    const now = Date.now()
    child.running = undefined
    child.deaths = [...child.deaths.filter(at => now - at < DEATHS_WITHIN_MS), now]
    if (!this.#settled) return this.#fail(this.#failure(child, `${what} while the rest was starting.`))
    if (child.deaths.length >= DEATHS_TO_GIVE_UP) {
      return this.#fail(this.#failure(child, `${what}, the ${DEATHS_TO_GIVE_UP}th time within a minute.`))
    }
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** child.tries++, LONGEST_PAUSE_MS)
    this.#say(`${what}; starting it again in ${pauseMs / 1000} s (its log: ${child.program.logFile})`)
    child.timer = setTimeout(() => void this.#restart(child), pauseMs)
  }

  async #restart(child) {
    try {
      await this.#launch(child)
      this.#say(`${child.program.name} runs again`)
    } catch (error) {
      if (!this.#ending.signal.aborted) this.#died(child, error.message.split('\n')[0].replace(/\.$/, ''))
    }
  }

  #failure({ program }, what) {
    const lines = lastLines(program.logFile, LINES_IN_AN_ERROR)
    return new Failure(`${what}\nLast lines of ${program.logFile}:\n${lines}`, program.remedy)
  }
}
