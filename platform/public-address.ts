import { BlockList, isIP } from 'node:net'

/**
 * What is not for everybody to reach (the special-purpose registries of IANA), and one address that looks public and is not:
 * 168.63.129.16 answers inside every Azure machine. The other clouds keep their metadata in 169.254/16, 100.64/10 and 192.0.0/24.
 */
const CLOSED_IPV4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['168.63.129.16', 32],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const

/** IPv6 is open in one block only; loopback, link-local, unique-local and multicast stand outside it. */
const OPEN_IPV6 = ['2000::', 3] as const

/** Closed parts of it: IETF protocols with Teredo, documentation, and 6to4, whose relays are gone (RFC 7526). */
const CLOSED_IPV6 = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const

/** Prefixes of 96 bits that carry an IPv4 address: mapped ones, and NAT64, by which an IPv6-only machine reaches the rest. */
const CARRIERS = ['::ffff:', '64:ff9b::'] as const

const closed = new BlockList()
const open = new BlockList()
open.addSubnet('0.0.0.0', 0, 'ipv4')
open.addSubnet(...OPEN_IPV6, 'ipv6')
for (const [network, bits] of CLOSED_IPV6) closed.addSubnet(network, bits, 'ipv6')
for (const [network, bits] of CLOSED_IPV4) closed.addSubnet(network, bits, 'ipv4')
for (const carrier of CARRIERS) {
  open.addSubnet(`${carrier}0.0.0.0`, 96, 'ipv6')
  for (const [network, bits] of CLOSED_IPV4) closed.addSubnet(`${carrier}${network}`, 96 + bits, 'ipv6')
}

/** Is this a literal IP address that anybody on the internet could reach? One with a zone (`%eth0`) never is. */
export function isPublicAddress(address: string): boolean {
  const version = isIP(address)
  if (version === 0 || address.includes('%')) return false
  const family = version === 4 ? 'ipv4' : 'ipv6'
  return open.check(address, family) && !closed.check(address, family)
}
