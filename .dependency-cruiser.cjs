// The arrows of the architecture: who may import whom. Each rule says why it is there.
const TESTS = '\\.test\\.ts$'
const TEMPORAL = '^node_modules/@temporalio/'
const SQL_LIBRARIES = '^node_modules/(knex|objection|pg)/'
const VENDOR_SDKS = '^node_modules/((@types/)?(nodemailer|web-push)|firebase-admin|cockatiel)/'
const OURS = '^(domain|acts|workflows|activities|api|worker|db|adapters|platform|web|scripts|bench|test)/'

const source = path => ({ path, pathNot: TESTS })

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'domain-is-pure',
      comment:
        'Rules and words import nothing, so that every rule can be read and tried alone, at any time and with any chance.',
      severity: 'error',
      from: source('^domain/'),
      to: { pathNot: '^domain/' },
    },
    {
      name: 'workflows-are-deterministic',
      comment:
        'A workflow is replayed from its history; whatever reads a clock, a file or the network would break the replay.',
      severity: 'error',
      from: { path: '^workflows/', pathNot: ['^workflows/contracts/', TESTS] },
      to: { pathNot: ['^workflows/', '^domain/', '^activities/', `${TEMPORAL}(workflow|common)/`] },
    },
    {
      name: 'workflows-know-activities-by-type',
      comment:
        'An activity runs outside the workflow sandbox: its type is enough to call it, its code must stay out of the bundle.',
      severity: 'error',
      from: source('^workflows/'),
      to: { path: '^activities/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'contracts-carry-no-workflow-code',
      comment:
        'Callers need ids, inputs, signals and queries; a contract that imports workflow code would bring it into the API.',
      severity: 'error',
      from: source('^workflows/contracts/'),
      to: { pathNot: ['^workflows/contracts/', '^domain/', `${TEMPORAL}(workflow|common)/`] },
    },
    {
      name: 'acts-know-the-record-alone',
      comment:
        'The record decides: an act is the same for a tap and a timer, so it knows neither HTTP nor workflows nor vendors.',
      severity: 'error',
      from: source('^acts/'),
      to: { path: OURS, pathNot: '^(acts|domain|db|platform)/' },
    },
    {
      name: 'acts-do-without-temporal',
      comment: 'An act must work while Temporal is down, so it cannot so much as import it.',
      severity: 'error',
      from: source('^acts/'),
      to: { path: [TEMPORAL, '^platform/temporal/'] },
    },
    {
      name: 'activities-call-acts-and-adapters',
      comment:
        'An activity is an act or a vendor call, named for the workflow; it knows nothing of HTTP or of who runs it.',
      severity: 'error',
      from: source('^activities/'),
      to: { path: OURS, pathNot: ['^(activities|acts|domain|db|adapters|platform)/', '^workflows/contracts/'] },
    },
    {
      name: 'api-answers-from-the-record',
      comment:
        'The API reads the record and does acts; of a workflow it knows the contract alone, so that it serves without one.',
      severity: 'error',
      from: source('^api/'),
      to: { path: OURS, pathNot: ['^(api|acts|domain|db|adapters|platform)/', '^workflows/contracts/'] },
    },
    {
      name: 'routes-are-declarations',
      comment:
        'A route says what comes in and goes out. Its reading stands in x.reads.ts, what each role may see in x.views.ts.',
      severity: 'error',
      from: source('^api/.*\\.routes\\.ts$'),
      to: { path: OURS, pathNot: '^(api|acts|domain)/' },
    },
    {
      name: 'db-holds-the-sql',
      comment: 'The tables know nothing of who uses them.',
      severity: 'error',
      from: source('^db/'),
      to: { path: OURS, pathNot: '^(db|domain|platform)/' },
    },
    {
      name: 'sql-only-in-db',
      comment: 'All SQL stands in one folder, where lock order and indexes can be judged together.',
      severity: 'error',
      from: { pathNot: ['^db/', '^(test|bench|scripts)/', '^node_modules/', TESTS] },
      to: { path: SQL_LIBRARIES },
    },
    {
      name: 'adapters-know-ports-alone',
      comment:
        'A vendor can be exchanged only while its file knows nothing of the record or of those who call it. Temporal is told of incidents from the API and from workers alike, so its adapter knows the contract.',
      severity: 'error',
      from: source('^adapters/'),
      to: { path: OURS, pathNot: ['^(adapters|domain|platform)/', '^workflows/contracts/'] },
    },
    {
      name: 'vendors-only-in-adapters',
      comment: 'One file per vendor: what a vendor breaks is found in that file.',
      severity: 'error',
      from: { pathNot: ['^adapters/', '^test/', '^node_modules/', TESTS] },
      to: { path: VENDOR_SDKS },
    },
    {
      name: 'platform-knows-no-business',
      comment: 'Plumbing without a word of the business can be understood, tested and exchanged alone.',
      severity: 'error',
      from: source('^platform/'),
      to: { path: OURS, pathNot: '^platform/' },
    },
    {
      name: 'worker-without-api',
      comment: 'The two processes are deployed apart; the worker must not need HTTP code to start.',
      severity: 'error',
      from: source('^worker/'),
      to: { path: '^api/' },
    },
    {
      name: 'product-without-its-tools',
      comment: 'Scripts, benchmarks and test helpers are not part of what runs in production.',
      severity: 'error',
      from: { path: '^(domain|acts|workflows|activities|api|worker|db|adapters|platform)/', pathNot: TESTS },
      to: { path: '^(scripts|bench|test)/' },
    },
    {
      name: 'no-circular',
      comment:
        'Two files that need each other are one file or three. Types may refer to each other: they are gone when the code runs.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-orphans',
      comment:
        'A file that nobody imports and that imports nothing is forgotten. Migrations are found by their folder.',
      severity: 'error',
      from: { orphan: true, pathNot: [TESTS, '\\.d\\.ts$', '^db/migrations/', '^api/pages/'] },
      to: {},
    },
    {
      name: 'no-unresolvable',
      comment: 'An import that cannot be found fails at run time.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-undeclared-packages',
      comment: 'A package that is not in package.json is there by chance and can be gone with the next install.',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-dev-packages-in-production',
      comment: 'The server image has no development packages.',
      severity: 'error',
      from: { path: '^(domain|acts|workflows|activities|api|worker|db|adapters|platform)/', pathNot: TESTS },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'], pathNot: '^node_modules/@types/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['require', 'node', 'default', 'types'],
      mainFields: ['main', 'types'],
    },
  },
}
