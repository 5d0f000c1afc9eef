const SYSTEMS: readonly [RegExp, string][] = [
  [/android/i, 'Android'],
  [/iphone|ipad|ios|cfnetwork/i, 'iOS'],
  [/windows/i, 'Windows'],
  [/mac os|macintosh/i, 'macOS'],
  [/linux|cros/i, 'Linux'],
]

// Order matters: every browser also calls itself by the names of those it once imitated.
const BROWSERS: readonly [RegExp, string][] = [
  [/edg(e|a|ios)?\//i, 'Edge'],
  [/opr\/|opera/i, 'Opera'],
  [/samsungbrowser/i, 'Samsung Internet'],
  [/firefox|fxios/i, 'Firefox'],
  [/chrome|crios/i, 'Chrome'],
  [/safari/i, 'Safari'],
  [/okhttp|expo|cfnetwork|dalvik/i, 'App'],
]

/** A coarse word for a device, so that people recognise their sessions; the exact header would follow them around. */
export function deviceOf(userAgent: string | undefined): string {
  if (!userAgent) return 'Unknown device'
  const find = (table: readonly [RegExp, string][]): string | undefined =>
    table.find(([form]) => form.test(userAgent))?.[1]
  const browser = find(BROWSERS)
  const system = find(SYSTEMS)
  if (browser && system) return `${browser} on ${system}`
  return browser ?? system ?? 'Unknown device'
}
