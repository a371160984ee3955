// What the last entries of the browser's history show ↔ their keys. An upload cannot live in an
// address, so it lives here.

import { uploadsOf } from "./query.js";

const KEPT = 20;

const places = new Map();
let keys = 0;

export const newKey = () => `${Date.now()}-${keys += 1}`;
export const placeOf = (key) => places.get(key);

// The same entry shows something else from now on.
export const replace = (key, place) => places.set(key, place);

export function remember(key, place) {
  places.set(key, place);
  for (const [oldest, left] of places) {
    if (places.size <= KEPT) break;
    places.delete(oldest);
    const kept = new Set([...places.values()].flatMap(uploadsAt));
    for (const address of uploadsAt(left)) if (!kept.has(address)) URL.revokeObjectURL(address);
  }
}

const uploadsAt = (place) => (place.query ? uploadsOf(place.query) : []);
