import { createECDH } from 'node:crypto'
import type { ConfigProblem } from './config-settings'

/** The settings of vendors that only make sense together. */
interface Vendors {
  readonly vapidPublicKey: string | undefined
  readonly vapidPrivateKey: string | undefined
  readonly vapidSubject: string | undefined
  readonly smsVendors: readonly ('africas-talking' | 'twilio')[] | undefined
  readonly africasTalkingUsername: string | undefined
  readonly africasTalkingApiKey: string | undefined
  readonly twilioAccountSid: string | undefined
  readonly twilioAuthToken: string | undefined
  readonly twilioFrom: string | undefined
}

/** A vendor of which only some settings are given, and one that is named as a sender of SMS without any: it would send nothing. */
export function vendorProblems(config: Vendors): ConfigProblem[] {
  const vapid = {
    KESI_VAPID_PUBLIC_KEY: config.vapidPublicKey,
    KESI_VAPID_PRIVATE_KEY: config.vapidPrivateKey,
    KESI_VAPID_SUBJECT: config.vapidSubject,
  }
  const sms = {
    'africas-talking': {
      KESI_AFRICAS_TALKING_USERNAME: config.africasTalkingUsername,
      KESI_AFRICAS_TALKING_API_KEY: config.africasTalkingApiKey,
    },
    twilio: {
      KESI_TWILIO_ACCOUNT_SID: config.twilioAccountSid,
      KESI_TWILIO_AUTH_TOKEN: config.twilioAuthToken,
      KESI_TWILIO_FROM: config.twilioFrom,
    },
  }
  return [
    ...[vapid, ...Object.values(sms)].flatMap(halfGiven),
    ...strangeKeys(config),
    ...(config.smsVendors ?? [])
      .filter(vendor => givenIn(sms[vendor]).length === 0)
      .map(vendor => ({
        key: 'KESI_SMS_VENDORS',
        problem: `names ${vendor}, which has no credentials`,
        remedy: `Set ${Object.keys(sms[vendor]).join(', ')}, or take ${vendor} off the list.`,
      })),
  ]
}

type Group = Readonly<Record<string, string | undefined>>

const givenIn = (group: Group): string[] => Object.keys(group).filter(key => group[key] !== undefined)

function halfGiven(group: Group): ConfigProblem[] {
  const given = givenIn(group)
  if (given.length === 0) return []
  return Object.keys(group)
    .filter(key => !given.includes(key))
    .map(key => ({ key, problem: `is missing beside ${given.join(', ')}`, remedy: `Set ${key}, or none of them.` }))
}

/** Browsers subscribe with the public key: with another private one every push would be refused, and look like a dead subscription. */
function strangeKeys({ vapidPublicKey, vapidPrivateKey }: Vendors): ConfigProblem[] {
  if (vapidPublicKey === undefined || vapidPrivateKey === undefined) return []
  if (publicKeyOf(vapidPrivateKey) === vapidPublicKey.replace(/=+$/, '')) return []
  const remedy = 'Draw a new pair with "npx web-push generate-vapid-keys"; browsers must subscribe anew.'
  return [{ key: 'KESI_VAPID_PUBLIC_KEY', problem: 'does not belong to KESI_VAPID_PRIVATE_KEY', remedy }]
}

function publicKeyOf(privateKey: string): string | undefined {
  const pair = createECDH('prime256v1')
  try {
    pair.setPrivateKey(privateKey, 'base64url')
    return pair.getPublicKey('base64url')
  } catch {
    return undefined
  }
}
