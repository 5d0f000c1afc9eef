import { randomBytes, randomInt } from 'node:crypto'

/** Where a planted word was found, and in which writing. Names the planting, never quotes what stands around it. */
export interface Hit {
  readonly where: string
  readonly planted: string
  readonly written: 'plain' | 'base64' | 'hex' | 'utf16'
}

interface Needle {
  readonly planted: string
  readonly written: Hit['written']
  readonly bytes: Buffer
}

/**
 * Words that exist nowhere else, each planted in one field. Whoever finds one knows which field leaked. Text that was only encoded,
 * not encrypted, is found too.
 */
export class Canaries {
  readonly #needles: Needle[] = []

  /** A new word for that field. */
  word(planted: string): string {
    // Letters and digits alone: a user name, a mail address and a URL carry it as it is.
    return this.add(planted, `kanari${randomBytes(8).toString('hex')}`)
  }

  email(planted: string): string {
    return `${this.word(planted)}@example.org`
  }

  /** An international number whose last nine digits are the word. */
  phone(planted: string): string {
    return `+254${this.add(planted, `7${String(randomInt(10 ** 8)).padStart(8, '0')}`)}`
  }

  /** A coordinate whose digits behind the point are the word; `whole` is what stands before it. */
  coordinate(planted: string, whole: number): number {
    // The last digit is none that a number would drop.
    const digits = `${String(randomInt(10 ** 7)).padStart(7, '0')}7`
    return Number(`${whole}.${this.add(planted, digits)}`)
  }

  /** Something that is secret for another reason: a token, a password. */
  add(planted: string, text: string): string {
    const plain = Buffer.from(text.toLowerCase())
    this.#needles.push(
      { planted, written: 'plain', bytes: plain },
      { planted, written: 'hex', bytes: Buffer.from(Buffer.from(text).toString('hex')) },
      { planted, written: 'utf16', bytes: Buffer.from(text.toLowerCase(), 'utf16le') },
      ...base64Cores(text).map(bytes => ({ planted, written: 'base64' as const, bytes })),
    )
    return text
  }

  get planted(): readonly string[] {
    return [...new Set(this.#needles.map(needle => needle.planted))]
  }

  /** Every planted word that stands in the haystack. */
  find(where: string, haystack: string | Buffer): Hit[] {
    const exact = Buffer.from(haystack)
    const lower = Buffer.from(exact.toString('latin1').toLowerCase(), 'latin1')
    return this.#needles
      .filter(({ written, bytes }) => (written === 'base64' ? exact : lower).includes(bytes))
      .map(({ planted, written }) => ({ where, planted, written }))
  }
}

/** The part of a text's base64 that is the same whatever stands around it, for each of the three places where it may begin. */
function base64Cores(text: string): Buffer[] {
  return [0, 1, 2].map(shift => {
    const encoded = Buffer.concat([Buffer.alloc(shift), Buffer.from(text)])
      .toString('base64')
      .replaceAll('=', '')
    return Buffer.from(encoded.slice(shift === 0 ? 0 : shift + 1, -2))
  })
}
