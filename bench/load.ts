/** What a load did: how long it took as a whole, and each call's time in milliseconds. */
export interface Load {
  readonly seconds: number
  readonly perSecond: number
  readonly latencies: readonly number[]
}

/** Runs `work` `count` times, `atOnce` of them at any moment: a closed loop, the next begins when one ends. */
export async function closedLoop(
  { count, atOnce }: { count: number; atOnce: number },
  work: (index: number) => Promise<unknown>,
): Promise<Load> {
  const latencies: number[] = []
  let next = 0
  const caller = async (): Promise<void> => {
    while (next < count) {
      const index = next++
      const began = performance.now()
      await work(index)
      latencies.push(performance.now() - began)
    }
  }
  const began = performance.now()
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, caller))
  return loadOf(performance.now() - began, latencies)
}

/**
 * Begins `work` at a fixed rate whatever becomes of the calls before: an open loop. A call's time counts from the moment it was due, so
 * that a server which falls behind cannot hide it.
 */
export async function openLoop(
  { perSecond, seconds }: { perSecond: number; seconds: number },
  work: (index: number) => Promise<unknown>,
): Promise<Load> {
  const latencies: number[] = []
  const began = performance.now()
  const call = async (index: number): Promise<void> => {
    const due = began + (index * 1000) / perSecond
    await until(due)
    await work(index)
    latencies.push(performance.now() - due)
  }
  await Promise.all(Array.from({ length: perSecond * seconds }, (_, index) => call(index)))
  return loadOf(performance.now() - began, latencies)
}

function loadOf(ms: number, latencies: readonly number[]): Load {
  return { seconds: ms / 1000, perSecond: (latencies.length * 1000) / ms, latencies }
}

const until = (moment: number): Promise<void> =>
  new Promise(resolve => setTimeout(resolve, Math.max(0, moment - performance.now())))

/** Asks until the answer is yes, every `everyMs`; throws when that takes longer than `withinSeconds`. */
export async function waitFor(
  what: string,
  { withinSeconds, everyMs = 50 }: { withinSeconds: number; everyMs?: number },
  ask: () => Promise<boolean>,
): Promise<void> {
  const end = performance.now() + withinSeconds * 1000
  while (!(await ask())) {
    if (performance.now() > end) throw new Error(`waited ${withinSeconds} s in vain: ${what}`)
    await until(performance.now() + everyMs)
  }
}
