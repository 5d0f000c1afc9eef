import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Request, Response } from 'express'

/** A file as it leaves. */
export interface DownloadFacts {
  readonly name: string
  readonly mediaType: string
  readonly size: number
}

/** The answer of a route that declares `download`: a file that streams out. */
export class Download {
  constructor(
    readonly content: Readable,
    readonly facts: DownloadFacts,
  ) {}
}

/**
 * Sends a file, to be saved and not to be opened in the page. When its content turns out to be damaged midway the connection is cut,
 * so that nobody takes a part for the whole.
 */
export async function sendFile({ content, facts }: Download, req: Request, res: Response): Promise<void> {
  res.attachment(facts.name)
  res.setHeader('content-type', facts.mediaType)
  res.setHeader('content-length', facts.size)
  res.setHeader('x-content-type-options', 'nosniff')
  // Not to be kept on a shared device; and what is on its way is not to be compressed, its length is given.
  res.setHeader('cache-control', 'no-store, no-transform')
  if (req.method === 'HEAD') {
    content.destroy()
    res.end()
    return
  }
  try {
    await pipeline(content, res)
  } catch (error) {
    if (!hasLeft(error)) throw error
  }
}

/** The reader went away before the end: nobody's fault. */
const hasLeft = (error: unknown): boolean => (error as { code?: unknown }).code === 'ERR_STREAM_PREMATURE_CLOSE'
