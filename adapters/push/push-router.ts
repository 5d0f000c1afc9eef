import type { PushPort } from '../ports'

export interface PushVendors {
  readonly fcm: PushPort | undefined
  readonly expo: PushPort | undefined
  readonly webPush: PushPort | undefined
}

const EXPO_TOKEN = /^Expo(?:nent)?PushToken\[.+\]$/

/** Whose token it is: Expo's are named so, a browser's subscription is JSON, and every other one is Firebase's. */
export function vendorOf(token: string): keyof PushVendors {
  if (EXPO_TOKEN.test(token)) return 'expo'
  return token.trimStart().startsWith('{') ? 'webPush' : 'fcm'
}

/** Hands each push to the vendor whose token it carries, and to `otherwise` when that one is not configured. */
export function createPushRouter(vendors: PushVendors, otherwise: PushPort): PushPort {
  return { send: push => (vendors[vendorOf(push.token)] ?? otherwise).send(push) }
}
