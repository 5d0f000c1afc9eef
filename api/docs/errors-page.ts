import { REFUSALS } from '../../domain/refusals'

/** The page that a problem document's `type` leads to: every refusal code with its status and title. */
export function errorsPage(): string {
  const rows = Object.entries(REFUSALS).map(
    ([code, { status, title }]) =>
      `<tr id="${code}"><th scope="row"><code>${code}</code></th><td>${status}</td><td>${escapeHtml(title)}</td></tr>`,
  )
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Refusals · Kesi</title>
<link rel="stylesheet" href="/kesi.css">
</head>
<body>
<main>
<h1>Refusals</h1>
<p>A request that is refused is answered with <code>application/problem+json</code>. Its <code>code</code> is one of these.</p>
<table>
<thead><tr><th scope="col">Code</th><th scope="col">Status</th><th scope="col">Meaning</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>
<p><a href="/">Back</a></p>
</main>
</body>
</html>
`
}

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
