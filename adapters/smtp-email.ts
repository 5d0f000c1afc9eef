import { createTransport } from 'nodemailer'
import { htmlOf } from './email-html'
import type { EmailPort, SendResult } from './ports'

/** E-mail by SMTP, with connections that stay open between messages. */
export interface SmtpEmail extends EmailPort {
  close(): void
}

// Together less than the 20 s that a caller gives one hand-over.
const CONNECT_MS = 4_000
const GREETING_MS = 4_000
const SILENCE_MS = 10_000

/** The Message-ID of a notice: always the same, so that a mail server or a reader drops what was sent twice. */
export function messageIdOf(noticeId: string): string {
  return `<${noticeId}@kesi>`
}

/** Hands e-mails to the server at `url` (`smtp://` or `smtps://`, log-in inside) in the name of `from`. */
export function createSmtpEmail({ url, from }: { url: string; from: string }): SmtpEmail {
  const transport = createTransport({
    url,
    pool: true,
    maxConnections: 3,
    connectionTimeout: CONNECT_MS,
    greetingTimeout: GREETING_MS,
    socketTimeout: SILENCE_MS,
    // The name given in EHLO ends up in the headers of every e-mail: the sender's domain, never this machine's name.
    name: domainOf(from),
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  return {
    async send({ noticeId, to, subject, text }) {
      try {
        await transport.sendMail({
          from,
          // As an object it is one address; as a text, commas would make it several.
          to: { name: '', address: to },
          subject,
          text,
          html: htmlOf(text),
          messageId: messageIdOf(noticeId),
          headers: { 'Auto-Submitted': 'auto-generated' },
          xMailer: false,
        })
        return { state: 'handed_over', vendor: 'smtp', vendor_id: messageIdOf(noticeId) }
      } catch (error) {
        return failureOf(error)
      }
    },
    close: () => transport.close(),
  }
}

/** 5xx is the server's last word; 4xx, a broken connection and a refused log-in (ours to mend) are worth another try. */
function failureOf(error: unknown): SendResult {
  const { code, responseCode } = error as { code?: unknown; responseCode?: unknown }
  if (code === 'EAUTH') return { state: 'failed', code: 'SMTP_LOGIN_REFUSED', permanent: false }
  if (typeof responseCode === 'number') {
    return { state: 'failed', code: `SMTP_${responseCode}`, permanent: responseCode >= 500 }
  }
  // nodemailer found no address it could send to, before it asked any server.
  if (code === 'EENVELOPE') return { state: 'failed', code: 'SMTP_ADDRESS_INVALID', permanent: true }
  const known = typeof code === 'string' && /^E[A-Z]{2,20}$/.test(code)
  return { state: 'failed', code: known ? `SMTP_${code}` : 'SMTP_UNREACHABLE', permanent: false }
}

function domainOf(mailbox: string): string {
  return /@([^\s<>@]+)>?$/.exec(mailbox)?.[1] ?? 'localhost'
}
