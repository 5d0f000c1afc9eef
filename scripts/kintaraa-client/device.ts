import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { transformSync } from '@swc/core'
import { WebSocket } from 'ws'
import { Hooks, type Used } from './hooks'

/** What the app's services answer: whatever came over the wire, and in the app's own hands. */
export type Answer = Readonly<Record<string, unknown>>

/** The part of the app's service layer that talks to a server, by the names that the app gave it. */
export interface Services {
  readonly auth: {
    register(data: object): Promise<Answer>
    login(data: object): Promise<Answer>
    logout(): Promise<void>
    getProfile(): Promise<Answer>
    updateProfile(data: object): Promise<Answer>
    enableBiometric(): Promise<Answer>
    disableBiometric(): Promise<Answer>
    getUserRoles(): Promise<Answer>
    healthCheck(): Promise<Answer>
    refreshToken(): Promise<boolean>
    isAuthenticated(): Promise<boolean>
  }
  readonly incidents: {
    createIncident(data: object): Promise<Answer>
    getIncidents(filters?: object): Promise<Answer[]>
    getIncidentDetail(id: string): Promise<Answer>
    updateIncident(id: string, data: object): Promise<Answer>
    deleteIncident(id: string): Promise<void>
    getIncidentStats(): Promise<Answer>
  }
  readonly assignments: {
    getAssignedCases(status?: string): Promise<Answer[]>
    acceptAssignment(id: string, notes?: string): Promise<Answer>
    rejectAssignment(id: string, reason: string): Promise<Answer>
    assignProvider(id: string, provider: string): Promise<Answer>
    getAvailableProviders(type: string): Promise<Answer[]>
    updateIncidentStatus(id: string, status: string, notes?: string): Promise<Answer>
  }
  readonly dispatcher: {
    getDispatcherDashboard(): Promise<Answer>
    getAllCases(filters?: object): Promise<Answer[]>
    getCaseDetail(id: string): Promise<Answer>
    assignProviderToCase(id: string, provider: string, notes?: string): Promise<void>
    reassignCase(id: string, provider: string, reason: string): Promise<void>
    getProviderRecommendations(id: string): Promise<Answer[]>
    getAvailableProviders(filters?: object): Promise<Answer[]>
  }
  readonly messaging: {
    getConversationForIncident(id: string): Promise<Answer | null>
    getConversationMessages(id: string): Promise<Answer[]>
    sendMessageRest(id: string, content: string): Promise<Answer>
    registerPushToken(token: string, platform: string): Promise<void>
    markAllMessagesRead(id: string): Promise<void>
  }
}

/** What the app's chat screen has of its socket. */
export interface Chat {
  readonly isConnected: boolean
  readonly incomingMessage: Answer | null
  readonly typingEvent: Answer | null
  sendMessage(content: string): void
  sendTypingStart(): void
  sendTypingStop(): void
  markRead(messageId: string): void
}

/** Where a build for the web looks for its server; that it looks elsewhere is all that is changed. */
const COMPILED_IN = 'http://127.0.0.1:8000/api'
const SOCKETS_COMPILED_IN = 'ws://127.0.0.1:8000'

/** One person's device: the app's own services from a checkout, with a storage of their own. */
export class Device {
  readonly services: Services
  /** Every request that left, as `POST /auth/login/`. */
  readonly requests: string[] = []
  readonly storage = new Map<string, string>()
  /** Every list that a socket had the app load again. */
  readonly reloaded: string[] = []
  readonly sockets = { tried: 0, opened: 0, last: undefined as WebSocket | undefined }
  readonly #hooks = new Hooks()
  #user: Answer | undefined
  readonly #modules = new Map<string, { exports: Record<string, unknown> }>()

  /** `appPath` is a checkout of the app's repository; `baseUrl` the address that its build would have, such as `http://localhost:8000/clients/kintaraa/api`. */
  constructor(
    private readonly appPath: string,
    private readonly baseUrl: string,
  ) {
    const service = (name: string): unknown => this.#load(join(appPath, 'services', `${name}.ts`))
    this.services = {
      auth: (service('authService') as { AuthService: Services['auth'] }).AuthService,
      incidents: service('incidents') as Services['incidents'],
      assignments: service('assignments') as Services['assignments'],
      dispatcher: service('dispatcher') as Services['dispatcher'],
      messaging: service('messaging') as Services['messaging'],
    }
  }

  /** The socket of the chat screen, until it is left. */
  chat(conversationId: string): Used<Chat> {
    const { useChatSocket } = this.#hook('useChatSocket') as { useChatSocket(id: string): Chat }
    return this.#hooks.use(() => useChatSocket(conversationId))
  }

  /** The socket that every provider's app has open while somebody is signed in. */
  watchCases(user: Answer): Used<unknown> {
    this.#user = user
    const { useProviderWebSocket } = this.#hook('useProviderWebSocket') as { useProviderWebSocket(): void }
    return this.#hooks.use(() => useProviderWebSocket() ?? null)
  }

  #hook(name: string): Record<string, unknown> {
    return this.#load(join(this.appPath, 'hooks', `${name}.ts`))
  }

  #load(file: string): Record<string, unknown> {
    const known = this.#modules.get(file)
    if (known) return known.exports
    const loaded = { exports: {} as Record<string, unknown> }
    this.#modules.set(file, loaded)
    const { code } = transformSync(readFileSync(file, 'utf8'), {
      filename: file,
      jsc: { target: 'es2022', parser: { syntax: 'typescript', tsx: file.endsWith('.tsx') } },
      module: { type: 'commonjs' },
    })
    const around = {
      ...{ fetch: this.#fetch, WebSocket: this.#socket, console: SILENT, __DEV__: false },
      ...{ module: loaded, exports: loaded.exports },
    }
    const require = (name: string): unknown => this.#require(name, dirname(file))
    new Function('require', ...Object.keys(around), code)(require, ...Object.values(around))
    return loaded.exports
  }

  /** What the app imports: files of its own, and stand-ins for the few packages that its services touch. */
  #require(name: string, from: string): unknown {
    const standIn = { ...STAND_INS, ...this.#standIns }[name]
    if (standIn) return standIn
    if (name.startsWith('@/')) return this.#load(fileAt(join(this.appPath, name.slice(2))))
    if (name.startsWith('.')) return this.#load(fileAt(join(from, name)))
    throw new Error(`the app’s services import ${name}, for which there is no stand-in`)
  }

  readonly #standIns: Readonly<Record<string, unknown>> = {
    react: this.#hooks.react,
    '@react-native-async-storage/async-storage': storageOn(this.storage),
    '@/providers/AuthProvider': { useAuth: () => ({ user: this.#user, isAuthenticated: this.#user !== undefined }) },
    '@tanstack/react-query': { useQueryClient: () => this.#queries },
  }
  readonly #queries = {
    invalidateQueries: ({ queryKey: [name] }: { queryKey: readonly string[] }) => void this.reloaded.push(name ?? ''),
  }

  /** The class that the app calls; its sockets lead to the product. */
  readonly #socket = socketsTo(
    () => this.baseUrl,
    socket => {
      this.sockets.tried += 1
      this.sockets.last = socket
      socket.once('open', () => (this.sockets.opened += 1))
    },
  )

  readonly #fetch = (address: string, init?: RequestInit): Promise<Response> => {
    if (!address.startsWith(COMPILED_IN)) throw new Error('the app asks somewhere else than its server')
    const path = address.slice(COMPILED_IN.length)
    this.requests.push(`${init?.method ?? 'GET'} ${path}`)
    return fetch(this.baseUrl + path, init)
  }
}

function socketsTo(baseUrl: () => string, onTried: (socket: WebSocket) => void): typeof WebSocket {
  return class extends WebSocket {
    constructor(address: string) {
      if (!address.startsWith(SOCKETS_COMPILED_IN)) throw new Error('the app opens a socket somewhere else')
      super(
        baseUrl()
          .replace(/^http/, 'ws')
          .replace(/\/api$/, '') + address.slice(SOCKETS_COMPILED_IN.length),
      )
      onTried(this)
    }
  } as typeof WebSocket
}

/** The app writes what it does, tokens among it, to the console. */
const SILENT = { log: () => {}, warn: () => {}, error: () => {} }

const STAND_INS: Readonly<Record<string, unknown>> = {
  'react-native': { Platform: { OS: 'web' } },
  'expo-constants': { __esModule: true, default: {} },
}

function storageOn(kept: Map<string, string>): unknown {
  return {
    __esModule: true,
    default: {
      getItem: async (key: string) => kept.get(key) ?? null,
      setItem: async (key: string, value: string) => void kept.set(key, value),
      removeItem: async (key: string) => void kept.delete(key),
      multiGet: async (keys: string[]) => keys.map(key => [key, kept.get(key) ?? null]),
      multiSet: async (pairs: [string, string][]) => pairs.forEach(([key, value]) => kept.set(key, value)),
      multiRemove: async (keys: string[]) => keys.forEach(key => kept.delete(key)),
    },
  }
}

function fileAt(path: string): string {
  const files = ['.ts', '.tsx', '/index.ts'].map(ending => path + ending)
  const found = files.find(file => existsSync(file) && statSync(file).isFile())
  if (!found) throw new Error(`the checkout has no ${relative(process.cwd(), path)}`)
  return found
}

/** Why the service layer cannot be driven from this path; undefined when it can. */
export function whyNoApp(appPath: string | undefined): string | undefined {
  if (!appPath) return 'KINTARAA_APP_PATH names no checkout of the app'
  if (!existsSync(join(appPath, 'services', 'api.ts')))
    return 'KINTARAA_APP_PATH holds no checkout of the app: services/api.ts is missing'
  return undefined
}
