const STILL_EVERY_MS = 10_000

/** Prints what is happening, each line with the seconds since the beginning. */
export function createProgress(print = console.log) {
  const began = performance.now()
  const seconds = () => ((performance.now() - began) / 1000).toFixed(1).padStart(6)
  const say = text => print(`[${seconds()} s] ${text}`)

  /** Does one step; one that takes long says now and then that it is still at work. */
  async function step(text, work) {
    say(text)
    const stepBegan = performance.now()
    const stillAtWork = setInterval(() => {
      say(`  still at it after ${Math.round((performance.now() - stepBegan) / 1000)} s: ${text}`)
    }, STILL_EVERY_MS)
    try {
      return await work()
    } finally {
      clearInterval(stillAtWork)
    }
  }

  return { say, step }
}
