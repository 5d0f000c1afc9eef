import type { Area } from './case-type'

export interface Position {
  readonly lat: number
  readonly lng: number
}

/** Where something happened, as somebody told it: a point, words, or both. */
export interface Place {
  readonly lat?: number | undefined
  readonly lng?: number | undefined
  readonly text?: string | undefined
}

/** The point of a place; null where only words are known of it. */
export const positionOf = (place: Place | null | undefined): Position | null =>
  place?.lat === undefined || place.lng === undefined ? null : { lat: place.lat, lng: place.lng }

export const EARTH_RADIUS_KM = 6371
const radians = (degrees: number): number => (degrees * Math.PI) / 180

/** Great-circle distance in kilometres. */
export function distanceKm(from: Position, to: Position): number {
  const dLat = radians(to.lat - from.lat)
  const dLng = radians(to.lng - from.lng)
  const a = Math.sin(dLat / 2) ** 2 + Math.cos(radians(from.lat)) * Math.cos(radians(to.lat)) * Math.sin(dLng / 2) ** 2
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.sqrt(a))
}

/** Beyond this a place belongs to none of the areas: counties are up to 300 km long. */
const FARTHEST_AREA_KM = 300

/** The coarse area of a place, or null when it lies in none. */
export function areaOf(place: Position | null, areas: readonly Area[]): Area | null {
  if (!place) return null
  let nearest: { area: Area; km: number } | null = null
  for (const area of areas) {
    const km = distanceKm(place, area)
    if (km <= FARTHEST_AREA_KM && (!nearest || km < nearest.km)) nearest = { area, km }
  }
  return nearest?.area ?? null
}

/** Upper edges of the distance bands in kilometres: about 15 min, 1 h and 3 h on the road. */
export const BAND_EDGES_KM = [15, 50, 150] as const
/** The band of somebody whose position is not known: ranked last, never left out. */
export const UNKNOWN_BAND = BAND_EDGES_KM.length + 1

/** Nearness in whole bands: 0 is within 15 km, `UNKNOWN_BAND` where either position is not known. */
export function distanceBand(place: Position | null, base: Position | null): number {
  if (!place || !base) return UNKNOWN_BAND
  const km = distanceKm(place, base)
  const band = BAND_EDGES_KM.findIndex(edge => km <= edge)
  return band === -1 ? BAND_EDGES_KM.length : band
}

/** A position on a grid of a tenth of a degree (about 11 km): coarse enough to be stored in the clear. */
export const coarse = (position: Position): Position => ({
  lat: Math.round(position.lat * 10) / 10,
  lng: Math.round(position.lng * 10) / 10,
})
