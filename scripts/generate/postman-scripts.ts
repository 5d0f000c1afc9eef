/** Keeps the server's own document, against which every answer is held. */
export const KEEP_DOCUMENT: readonly string[] = [
  "pm.test('the document is there', () => pm.response.to.have.status(200))",
  '// Without words and examples, because it is read again after every request.',
  "const isNeeded = key => !['example', 'examples', 'parameters', 'requestBody'].includes(key)",
  'const needed = JSON.stringify(pm.response.json(), (key, value) => (isNeeded(key) ? value : undefined))',
  "pm.collectionVariables.set('document', needed)",
]

/**
 * After every request: its status is declared, its body is as declared, and what was made is remembered by its kind, for the
 * requests that speak of it. The sandbox knows an older JSON Schema, which reads what our documents use.
 */
export const CHECK_EVERY_ANSWER: readonly string[] = [
  'const [, operationId] = /\\((\\w+)\\)$/.exec(pm.info.requestName) ?? []',
  "const text = pm.collectionVariables.get('document')",
  'if (operationId && text) {',
  '  const document = JSON.parse(text)',
  '  const status = String(pm.response.code)',
  '  const found = Object.entries(document.paths)',
  '    .flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, operation })))',
  '    .find(({ operation }) => operation.operationId === operationId)',
  "  pm.test('the call is in the document', () => pm.expect(found).to.be.an('object'))",
  '  const declared = found?.operation.responses[status]',
  "  pm.test(`${status} is declared`, () => pm.expect(declared, pm.response.text().slice(0, 300)).to.be.an('object'))",
  "  pm.test('nothing broke', () => pm.expect(pm.response.code).to.be.below(500))",
  "  const isAfterTheEnd = operationId === 'delete_auth_sessions_id'",
  '  if (found?.operation.security.length > 0 && !isAfterTheEnd)',
  "    pm.test('the caller is known', () => pm.expect(pm.response.code).to.not.eql(401))",
  "  const type = (pm.response.headers.get('content-type') ?? '').split(';')[0]",
  "  if (declared?.content && type.endsWith('json')) {",
  "    const Ajv = require('ajv')",
  "    const ajv = new Ajv({ unknownFormats: 'ignore', validateSchema: false, logger: false, allErrors: true })",
  '    const isValid = ajv.compile({ components: document.components, allOf: [declared.content[type]?.schema ?? false] })',
  "    pm.test('the answer is as declared', () => {",
  '      const ok = isValid(pm.response.json())',
  '      pm.expect(ok, JSON.stringify(isValid.errors)).to.eql(true)',
  '    })',
  '  }',
  "  const kind = /\\/([a-z-]+)\\/$/.exec(found?.path ?? '')?.[1]?.replace(/-/g, '_')",
  "  if (kind && pm.response.code < 300 && type.endsWith('json')) {",
  '    const body = pm.response.json()',
  '    const [first] = Array.isArray(body) ? body : (body.results ?? [])',
  '    const variable = `${kind}_id`',
  "    if (pm.request.method === 'POST' && typeof body.id === 'string') pm.collectionVariables.set(variable, body.id)",
  '    else if (!pm.collectionVariables.get(variable) && first?.id) pm.collectionVariables.set(variable, first.id)',
  '  }',
  '}',
]
