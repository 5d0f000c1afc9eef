const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

const escaped = (text: string): string => text.replace(/[&<>"]/g, sign => ESCAPES[sign] ?? sign)

/** The same words for readers of HTML: no image, no style from elsewhere, nothing that tells anybody that it was opened. */
export function htmlOf(text: string): string {
  const paragraphs = text.split(/\n{2,}/).map(paragraph => {
    const words = escaped(paragraph)
    const isLink = /^https?:\/\/\S+$/.test(paragraph)
    return `<p>${isLink ? `<a href="${words}">${words}</a>` : words.replaceAll('\n', '<br>')}</p>`
  })
  return `<!doctype html><html><head><meta charset="utf-8"></head><body>${paragraphs.join('')}</body></html>`
}
