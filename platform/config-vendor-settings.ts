import type { Setting } from './config-settings'
import {
  addressSecret,
  emailOrUrl,
  firebaseAccount,
  listOf,
  oneLine,
  oneOf,
  secretWord,
  url,
  vapidKey,
} from './config-values'

/** What is spoken to when nothing else is said, so that the sandbox of a vendor, or its servers in another country, can be. */
const AFRICAS_TALKING_URL = 'https://api.africastalking.com'
const TWILIO_URL = 'https://api.twilio.com'
const EXPO_URL = 'https://exp.host'

/** The settings of those who carry notices out of the house. Without them notices stay in the inbox. */
export const VENDOR_SETTINGS = {
  smtpUrl: {
    key: 'KESI_SMTP_URL',
    sentence: 'The mail server for notices by e-mail; without it nothing is sent by e-mail.',
    form: 'a URL such as smtps://user:password@mail.example.org:465',
    parse: url('smtp', 'smtps'),
    secret: true,
  },
  fcmCredentials: {
    key: 'KESI_FCM_CREDENTIALS',
    sentence: 'The service account of the Firebase project whose app gets the pushes, as its JSON file has it.',
    form: 'the JSON of a service account, or KESI_FCM_CREDENTIALS_FILE to the path of that file',
    parse: firebaseAccount,
    secret: true,
  },
  vapidPublicKey: {
    key: 'KESI_VAPID_PUBLIC_KEY',
    sentence: 'The public key by which browsers know the sender of web pushes; clients subscribe with it.',
    form: '65 bytes in base64url; "npx web-push generate-vapid-keys" draws both keys',
    parse: vapidKey(65),
  },
  vapidPrivateKey: {
    key: 'KESI_VAPID_PRIVATE_KEY',
    sentence: 'The private key of web pushes; every subscription is bound to it.',
    form: '32 bytes in base64url; "npx web-push generate-vapid-keys" draws both keys',
    parse: vapidKey(32),
    secret: true,
  },
  vapidSubject: {
    key: 'KESI_VAPID_SUBJECT',
    sentence: 'Where the operators of push services reach whoever runs this installation.',
    form: 'mailto:ops@example.org or a URL that begins with https://',
    parse: emailOrUrl,
  },
  expoPush: {
    key: 'KESI_EXPO_PUSH',
    sentence: 'Whether devices with an Expo token are reached by the push service of Expo.',
    form: 'on or off',
    parse: oneOf('on', 'off'),
    fallback: 'off',
  },
  expoAccessToken: {
    key: 'KESI_EXPO_ACCESS_TOKEN',
    sentence: 'The access token of the Expo project, needed where its enhanced push security is switched on.',
    form: 'an access token from expo.dev',
    parse: secretWord,
    secret: true,
  },
  expoUrl: {
    key: 'KESI_EXPO_URL',
    sentence: 'The push service of Expo.',
    form: `a URL such as ${EXPO_URL}`,
    parse: url('http', 'https'),
    fallback: EXPO_URL,
  },
  smsVendors: {
    key: 'KESI_SMS_VENDORS',
    sentence: 'Who sends SMS, in the order in which they are tried.',
    form: 'a list such as africas-talking,twilio',
    parse: listOf('africas-talking', 'twilio'),
    derived: 'those with credentials',
  },
  africasTalkingUsername: {
    key: 'KESI_AFRICAS_TALKING_USERNAME',
    sentence: 'The user name of the application at Africa’s Talking.',
    form: 'a user name; "sandbox" for the sandbox',
    parse: oneLine,
  },
  africasTalkingApiKey: {
    key: 'KESI_AFRICAS_TALKING_API_KEY',
    sentence: 'The API key of that application.',
    form: 'an API key',
    parse: secretWord,
    secret: true,
  },
  africasTalkingSender: {
    key: 'KESI_AFRICAS_TALKING_SENDER',
    sentence:
      'The short code or name that stands over an SMS; keep it neutral. Without it the vendor’s own stands there.',
    form: 'a registered short code or sender id',
    parse: oneLine,
  },
  africasTalkingReceiptSecret: {
    key: 'KESI_AFRICAS_TALKING_RECEIPT_SECRET',
    sentence: 'The last part of the address to which Africa’s Talking sends delivery reports, which it cannot sign.',
    form: 'at least 24 letters, digits, - and _, such as the output of: openssl rand -hex 24',
    parse: addressSecret,
    secret: true,
  },
  africasTalkingUrl: {
    key: 'KESI_AFRICAS_TALKING_URL',
    sentence: 'The API of Africa’s Talking; its sandbox is https://api.sandbox.africastalking.com.',
    form: `a URL such as ${AFRICAS_TALKING_URL}`,
    parse: url('http', 'https'),
    fallback: AFRICAS_TALKING_URL,
  },
  twilioAccountSid: {
    key: 'KESI_TWILIO_ACCOUNT_SID',
    sentence: 'The account at Twilio.',
    form: 'an account SID, which begins with AC',
    parse: oneLine,
  },
  twilioAuthToken: {
    key: 'KESI_TWILIO_AUTH_TOKEN',
    sentence: 'The token of that account; delivery reports are signed with it.',
    form: 'an auth token',
    parse: secretWord,
    secret: true,
  },
  twilioFrom: {
    key: 'KESI_TWILIO_FROM',
    sentence: 'The number, sender id or messaging service that SMS come from; keep it neutral.',
    form: 'a number such as +15005550006, a sender id, or a messaging service SID, which begins with MG',
    parse: oneLine,
  },
  twilioUrl: {
    key: 'KESI_TWILIO_URL',
    sentence: 'The API of Twilio; its servers in other countries have other addresses.',
    form: `a URL such as ${TWILIO_URL}`,
    parse: url('http', 'https'),
    fallback: TWILIO_URL,
  },
  privateAddresses: {
    key: 'KESI_PRIVATE_ADDRESSES',
    sentence: 'Whether web pushes and webhooks may reach private addresses; their targets are chosen by users.',
    form: 'refused or allowed',
    parse: oneOf('refused', 'allowed'),
    fallback: 'refused',
  },
} as const satisfies Record<string, Setting>
