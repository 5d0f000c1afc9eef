import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

/** The push service of Expo as it stands in the bench's own process: it takes every push at once. */
export interface PushVendor {
  /** The settings by which the product finds it. */
  readonly settings: Readonly<Record<string, string>>
  /** When the first push of each notice had come, by `performance.now()`. */
  readonly arrivedAt: ReadonlyMap<string, number>
  close(): void
}

export async function startPushVendor(): Promise<PushVendor> {
  const arrivedAt = new Map<string, number>()
  const server = createServer((request, response) => {
    void json(request).then(body => {
      const { notice_id } = (body as { data: { notice_id: string } }).data
      if (!arrivedAt.has(notice_id)) arrivedAt.set(notice_id, performance.now())
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ data: { status: 'ok', id: notice_id } }))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    settings: { KESI_EXPO_PUSH: 'on', KESI_EXPO_URL: `http://127.0.0.1:${port}` },
    arrivedAt,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
