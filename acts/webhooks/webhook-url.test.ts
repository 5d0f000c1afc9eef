import { outboundRulesOf, webhookUrl } from './webhook-url'

const PRODUCTION = outboundRulesOf({ mode: 'production', privateAddresses: 'refused' })
const DEMO = outboundRulesOf({ mode: 'demo', privateAddresses: 'refused' })
const INSIDE = outboundRulesOf({ mode: 'development', privateAddresses: 'allowed' })

function faultOf(text: string, rules = PRODUCTION): unknown {
  try {
    webhookUrl(text, rules)
    return null
  } catch (error) {
    return (error as { more: { errors: { code: string }[] } }).more.errors[0]?.code
  }
}

test.each([
  ['words', 'invalid_format'],
  ['//example.org', 'invalid_format'],
  ['http://example.org/', 'not_https'],
  ['ftp://example.org/', 'not_https'],
  ['file:///etc/passwd', 'not_https'],
  ['https://user@example.org/', 'credentials'],
  ['https://:secret@example.org/', 'credentials'],
  ['https://example.org/#part', 'fragment'],
  ['https://127.0.0.1/', 'not_public'],
  ['https://0x7f.1/', 'not_public'],
  ['https://[::1]:8443/', 'not_public'],
  ['https://[::ffff:10.0.0.1]/', 'not_public'],
  ['https://169.254.169.254/latest/', 'not_public'],
  ['https://LOCALHOST/', 'not_public'],
  ['https://kesi.localhost./', 'not_public'],
])('%s: %s', (text, code) => expect(faultOf(text)).toBe(code))

test('what is fine is kept in its normal form', () => {
  expect(webhookUrl('HTTPS://Hooks.Example.org:443/a b?c=d', PRODUCTION)).toBe('https://hooks.example.org/a%20b?c=d')
  expect(webhookUrl('https://8.8.8.8/hook', PRODUCTION)).toBe('https://8.8.8.8/hook')
  expect(webhookUrl('http://example.org/', DEMO)).toBe('http://example.org/')
  expect(webhookUrl('http://127.0.0.1:8080/', INSIDE)).toBe('http://127.0.0.1:8080/')
})

test('a demo sends to nobody inside either', () => expect(faultOf('http://127.0.0.1/', DEMO)).toBe('not_public'))
