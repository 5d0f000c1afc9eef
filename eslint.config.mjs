import tseslint from 'typescript-eslint'

const TESTS = ['**/*.test.ts', 'test/**/*.ts']

const NO_EXPLICIT_COMMIT = {
  selector: "CallExpression[callee.property.name=/^(commit|rollback)$/][callee.object.property.name!='migrate']",
  message:
    'knex: trx.commit() can resolve although COMMIT failed. Use the callback form, knex.transaction(async trx => ...).',
}

const NO_BARE_BOOLEAN = {
  selector: 'FunctionDeclaration > Identifier.params > TSTypeAnnotation > TSBooleanKeyword',
  message: 'A bare boolean says nothing at the call. Take a named option, a union of words, or write two functions.',
}

const TIME_IS_AN_ARGUMENT =
  'The domain has no clock: take the time as an argument, so that every rule can be tried at any moment.'

const NO_CLOCK_NO_DICE = [
  { selector: "MemberExpression[object.name='Date'][property.name='now']", message: TIME_IS_AN_ARGUMENT },
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: TIME_IS_AN_ARGUMENT },
  { selector: "CallExpression[callee.name='Date']", message: TIME_IS_AN_ARGUMENT },
  {
    selector: "MemberExpression[object.name='Math'][property.name='random']",
    message: 'The domain has no dice: take chance as an argument, so that every choice can be repeated.',
  },
]

const SHARED_BY_RUNS =
  'Modules of workflows are shared by all runs: what a run keeps belongs to its function or its object.'

const AT_TOP = ':matches(Program, ExportNamedDeclaration) > VariableDeclaration'

const NO_STATE_OF_MODULES = [
  { selector: `${AT_TOP}[kind='let']`, message: SHARED_BY_RUNS },
  {
    selector: `${AT_TOP} > VariableDeclarator > NewExpression[callee.name=/^(Weak)?(Map|Set)$/]`,
    message: SHARED_BY_RUNS,
  },
]

const NODE_GLOBALS = [
  ...['process', 'console', 'Buffer', 'URL', 'fetch', 'AbortSignal', 'AbortController', 'performance'],
  ...['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate'],
]
const COMMONJS_GLOBALS = ['module', 'require', '__dirname', '__filename', 'exports']

const readonly = names => Object.fromEntries(names.map(name => [name, 'readonly']))

export default tseslint.config(
  { ignores: ['node_modules/', 'dist/', 'coverage/', '.kesi/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-var': 'error',
      'prefer-const': 'error',
      'no-console': 'off',
      'max-lines': ['error', { max: 400 }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['**/*.mjs', '**/*.cjs'],
    languageOptions: { ecmaVersion: 2023, globals: readonly(NODE_GLOBALS) },
    rules: { 'no-undef': 'error', 'no-unused-vars': ['error', { caughtErrors: 'all' }] },
  },
  { files: ['**/*.cjs'], languageOptions: { sourceType: 'commonjs', globals: readonly(COMMONJS_GLOBALS) } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommended],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-unnecessary-type-assertion': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true, named: true, defaultFrom: true } }],
      'no-restricted-properties': [
        'error',
        {
          object: 'process',
          property: 'env',
          message: 'Settings are read once, in platform/config.ts; take what you need as an argument.',
        },
      ],
      'no-restricted-syntax': ['error', NO_EXPLICIT_COMMIT, NO_BARE_BOOLEAN],
    },
  },
  {
    files: ['domain/**/*.ts'],
    ignores: TESTS,
    rules: { 'no-restricted-syntax': ['error', NO_EXPLICIT_COMMIT, NO_BARE_BOOLEAN, ...NO_CLOCK_NO_DICE] },
  },
  {
    files: ['workflows/**/*.ts', 'platform/temporal/failure-converter.ts'],
    ignores: TESTS,
    rules: { 'no-restricted-syntax': ['error', NO_EXPLICIT_COMMIT, NO_BARE_BOOLEAN, ...NO_STATE_OF_MODULES] },
  },
  {
    files: [
      'platform/config.ts',
      '{api,worker}/main.ts',
      'db/migrate.ts',
      'scripts/**/*.ts',
      'bench/**/*.ts',
      ...TESTS,
    ],
    rules: { 'no-restricted-properties': 'off' },
  },
  // A migration is a list of tables in the order they need; cutting it into pieces only hides that order.
  { files: ['db/migrations/*.ts'], rules: { 'max-lines-per-function': 'off' } },
  { files: TESTS, rules: { 'max-lines': 'off', 'max-lines-per-function': 'off' } },
)
