import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { static as serveFolder, Router, type Request, type RequestHandler, type Response } from 'express'
import helmet from 'helmet'
import { openApiOf } from '../openapi'
import type { Route } from '../route'
import { traceOf } from '../trace'
import { errorsPage } from './errors-page'

const PAGES = join(__dirname, '../pages')
const SWAGGER = dirname(require.resolve('swagger-ui-dist/package.json'))
const REDOC = join(dirname(require.resolve('redoc/package.json')), 'bundles')

// Both viewers write style elements of their own, and Redoc searches in a worker made from a blob. Nothing else is loosened.
const VIEWER_CSP = helmet.contentSecurityPolicy({
  useDefaults: false,
  directives: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'", "'unsafe-inline'"],
    imgSrc: ["'self'", 'data:'],
    fontSrc: ["'self'", 'data:'],
    connectSrc: ["'self'"],
    workerSrc: ["'self'", 'blob:'],
    baseUri: ["'none'"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
  },
})

/** The pages for people: the front page, the OpenAPI document with its two viewers, and the list of refusals. */
export function docsPages(routes: readonly Route[], version: string): Router {
  const pages = Router({ caseSensitive: true })
  const document = lazy(() => JSON.stringify(openApiOf(routes, version)))
  const errors = lazy(errorsPage)
  const file = (name: string): (() => string) => lazy(() => readFileSync(join(PAGES, name), 'utf8'))

  pages.use(named)
  pages.get('/', text('html', file('index.html')))
  pages.get('/kesi.css', text('css', file('kesi.css')))
  pages.get('/favicon.ico', (_req, res) => void res.status(204).end())
  pages.get('/openapi.json', text('json', document))
  pages.get('/docs/errors', text('html', errors))
  pages.use('/swagger', VIEWER_CSP)
  pages.get('/swagger/', withSlash('/swagger/'), text('html', file('swagger.html')))
  // Ours before the package's: theirs opens a foreign document.
  pages.get('/swagger/swagger-initializer.js', text('js', file('swagger-initializer.js')))
  pages.use('/swagger', serveFolder(SWAGGER, { index: false, redirect: false, maxAge: '1h' }))
  pages.use('/redoc', VIEWER_CSP)
  pages.get('/redoc/', withSlash('/redoc/'), text('html', file('redoc.html')))
  pages.use('/redoc', serveFolder(REDOC, { index: false, redirect: false, maxAge: '1h' }))
  return pages
}

/** The pages' files name each other relative to their folder, so the address needs its slash. */
function withSlash(path: string): RequestHandler {
  return (req, res, next) => {
    if (req.path.endsWith('/')) next()
    else res.redirect(308, path)
  }
}

const text =
  (type: 'html' | 'css' | 'json' | 'js', content: () => string) =>
  (_req: Request, res: Response): void => {
    res.setHeader('cache-control', 'no-cache')
    res.type(type).send(content())
  }

const named: RequestHandler = (_req, res, next) => {
  traceOf(res).route = 'pages'
  next()
}

function lazy(make: () => string): () => string {
  let made: string | undefined
  return () => (made ??= make())
}
