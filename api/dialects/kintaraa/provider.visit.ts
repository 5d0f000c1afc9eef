import type { Outlet, Subscription } from '../../realtime/hub'
import type { LiveSocket, Visit } from '../../realtime/live-socket'
import type { SignedIn } from '../../route'
import type { SocketParts } from '../mount-client'
import { providerFrame, type AppFrame } from './frames'

/** Tells a provider's app when to load its lists again; it says nothing itself, and whatever it says is passed over. */
export class ProviderVisit implements Visit {
  readonly name = 'kintaraa.providers'
  #subscription: Subscription | undefined

  constructor(
    private readonly parts: SocketParts,
    readonly reader: SignedIn,
  ) {}

  async open(socket: LiveSocket): Promise<void> {
    socket.signedIn(this.reader)
    const { reader } = this
    const tell = (frame: AppFrame | undefined): void => {
      if (frame) socket.send(JSON.stringify(frame))
    }
    const outlet: Outlet = {
      get isOpen() {
        return socket.isOpen
      },
      ready: () => undefined,
      gap: () => tell({ type: 'case_updated', data: {} }),
      tell: news => tell(providerFrame(news)),
      sign: () => undefined,
      end: refusal => socket.end(refusal),
      flushed: () => socket.flushed(),
    }
    const channel = { kind: 'me', subject: reader.id } as const
    this.#subscription = await this.parts.realtime.subscribe({ reader, channel }, outlet, {})
  }

  async receive(): Promise<void> {}

  left(): void {
    if (this.#subscription) this.parts.realtime.leave(this.#subscription)
  }
}
