import { createChannels } from '../../adapters/channels'
import { publicOnlyAgent } from '../../adapters/outbound/public-address'
import { createWebhookSender } from '../../adapters/outbound/webhook-sender'
import { createFcmPush } from '../../adapters/push/fcm-push'
import { createWebPush } from '../../adapters/push/web-push'
import type { Config } from '../../platform/config'
import { newId } from '../../platform/ids'
import { createLogger } from '../../platform/logger'
import type { Senders } from './senders'

/** Has this text carried out of the house by everybody, through the product's own adapters: as a notice would that says too much. */
export async function leak(senders: Senders, config: Config, text: string): Promise<void> {
  const { africasTalking, webhook } = senders.fakes
  const channels = createChannels(config, createLogger({ level: 'silent', name: 'canary' }))
  const fcm = createFcmPush(senders.fcm.options)
  const web = webPushOf(senders, config)
  const webhooks = createWebhookSender({ allowHttp: true, allowPrivate: true })
  const noticeId = newId()
  const notice = { noticeId, noticeCode: 'account.test', text }
  const about = { title: text, priority: 'high', ttlSeconds: 60, collapseKey: noticeId, deviceType: 'web' } as const
  const sms = { ...notice, to: '+254700000000' }
  await channels.sms.send(sms)
  africasTalking.mood = 'breaks'
  await channels.sms.send(sms)
  africasTalking.mood = 'accepts'
  await channels.email.send({ ...notice, to: 'somebody@example.org', subject: text })
  await channels.push.send({ ...notice, ...about, token: 'ExponentPushToken[somebody]' })
  await fcm.send({ ...notice, ...about, token: 'somebody' })
  await web.send({ ...notice, ...about, token: senders.browser.subscription })
  const secrets = [`whsec_${Buffer.from(noticeId).toString('base64')}`]
  await webhooks.send({ deliveryId: noticeId, url: webhook.url, body: JSON.stringify({ text }), secrets })
  web.close()
  webhooks.close()
  await Promise.all([channels.close(), fcm.close()])
}

function webPushOf({ browser }: Senders, { vapidPublicKey, vapidPrivateKey, vapidSubject }: Config) {
  const agent = publicOnlyAgent({ allowPrivate: true, ca: browser.ca })
  const [publicKey, privateKey, subject] = [vapidPublicKey, vapidPrivateKey, vapidSubject].map(String)
  return createWebPush({ publicKey: publicKey ?? '', privateKey: privateKey ?? '', subject: subject ?? '', agent })
}
