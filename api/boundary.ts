import type { Request } from 'express'

// RFC 2046: at most 70 characters, of these alone.
const FIRST_LINE = /^--([0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-])\r?\n/

/**
 * Gives a form that came without its boundary the header that it should have had: the boundary is the first line of such a body. The
 * bytes that were looked at are put back. A body that begins otherwise keeps the header that it came with.
 */
export async function sniffBoundary(req: Request): Promise<void> {
  if (req.headers['content-type']?.includes('boundary=')) return
  const head = await firstBytes(req)
  const boundary = FIRST_LINE.exec(head.toString('latin1'))?.[1]
  if (boundary !== undefined) req.headers['content-type'] = `multipart/form-data; boundary="${boundary}"`
}

/** Long enough for the first line, should it come in several pieces. */
const LOOKED_AT_MOST = 128

async function firstBytes(req: Request): Promise<Buffer> {
  let head: Buffer = Buffer.alloc(0)
  while (head.length < LOOKED_AT_MOST && !head.includes('\n') && mayBeForm(head)) {
    const piece = (req.read() as Buffer | null) ?? undefined
    if (piece) head = Buffer.concat([head, piece])
    else if (req.readableEnded || req.destroyed || !(await hasMore(req))) break
  }
  if (head.length > 0) req.unshift(head)
  return head
}

const mayBeForm = (head: Buffer): boolean => '--'.startsWith(head.subarray(0, 2).toString('latin1'))

/** Waits for the next piece; false when there will be none. */
function hasMore(req: Request): Promise<boolean> {
  return new Promise(resolve => {
    const settle = (more: boolean) => (): void => {
      req.off('readable', onReadable).off('end', onEnd).off('close', onEnd).off('error', onEnd)
      resolve(more)
    }
    const onReadable = settle(true)
    const onEnd = settle(false)
    req.on('readable', onReadable).on('end', onEnd).on('close', onEnd).on('error', onEnd)
  })
}
