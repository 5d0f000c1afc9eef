import type { Area } from '../case-type'

/** Bangkok and the largest town of each of the twelve health regions, to about ten kilometres. */
export const THAI_REGIONS: readonly Area[] = (
  [
    ['TH-10', 'Bangkok', 13.75, 100.5],
    ['TH-R1', 'Chiang Mai', 18.79, 98.98],
    ['TH-R2', 'Phitsanulok', 16.82, 100.27],
    ['TH-R3', 'Nakhon Sawan', 15.7, 100.13],
    ['TH-R4', 'Saraburi', 14.53, 100.91],
    ['TH-R5', 'Ratchaburi', 13.54, 99.81],
    ['TH-R6', 'Chon Buri', 13.36, 100.98],
    ['TH-R7', 'Khon Kaen', 16.43, 102.83],
    ['TH-R8', 'Udon Thani', 17.41, 102.79],
    ['TH-R9', 'Nakhon Ratchasima', 14.97, 102.1],
    ['TH-R10', 'Ubon Ratchathani', 15.24, 104.85],
    ['TH-R11', 'Surat Thani', 9.14, 99.33],
    ['TH-R12', 'Songkhla', 7.19, 100.6],
  ] as const
).map(([code, name, lat, lng]) => ({ code, name, lat, lng }))
