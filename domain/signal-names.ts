/** The signals by which an incident's workflow hears of a change; the event that caused it names one. */
export const SIGNAL_NAMES = ['reported', 'offerAnswered', 'statusChanged', 'overridden', 'providerAvailable'] as const
export type SignalName = (typeof SIGNAL_NAMES)[number]
