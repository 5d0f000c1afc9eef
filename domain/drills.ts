/** Whom a communication drill calls: those on duty, or everybody of dispatch and every verified provider. */
export const DRILL_AUDIENCES = ['on_duty', 'all'] as const
export type DrillAudience = (typeof DRILL_AUDIENCES)[number]
