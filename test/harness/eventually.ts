/** Asks again and again until the check answers something, or fails with the check's last error after `withinMs`. */
export async function eventually<T>(
  check: () => Promise<T | undefined | null | false>,
  { withinMs = 10_000, everyMs = 15 }: { withinMs?: number; everyMs?: number } = {},
): Promise<T> {
  const end = performance.now() + withinMs
  let last: unknown = new Error('it did not come true')
  while (performance.now() < end) {
    try {
      const found = await check()
      if (found !== undefined && found !== null && found !== false) return found
    } catch (error) {
      last = error
    }
    await new Promise(resolve => setTimeout(resolve, everyMs))
  }
  throw last
}
