// The filter in the address of the map → which of its points pass, and the choices beside it.

import * as api from "./api.js";
import { recount, showFilters } from "./choices.js";
import { complain } from "./dom.js";
import { filterInAddress, filterOf } from "./filter.js";

let asking = null;
let whenChanged = () => {};
let ids = []; // of the points

export const filterNow = () => filterOf(new URLSearchParams(location.search));

// What an address of the first page begins with, so that what is filtered there stays filtered.
export function firstPage(rest = []) {
  const parts = [...rest, ...filterInAddress(filterNow())];
  return parts.length ? `./?${parts.join("&")}` : "./";
}

// `change(passes)` is called with a byte for each point, or null where there is no filter.
export function listenForFilters(change) {
  whenChanged = change;
  window.addEventListener("popstate", apply);
}

// The points are others now.
export function filterPoints(now) {
  ids = now;
  return apply();
}

// What is marked now may pass now, or no more.
export function markedAnew() {
  recount();
  const { favourite, tag } = filterNow();
  return favourite || tag ? apply() : null;
}

function narrow(filter) {
  const address = filterInAddress(filter).join("&");
  history.pushState(null, "", address ? `map?${address}` : "map");
  apply();
}

async function apply() {
  const filter = filterNow();
  showFilters(filter, narrow);
  asking?.abort();
  if (Object.keys(filter).length === 0) {
    whenChanged(null);
    return;
  }
  asking = new AbortController();
  const { signal } = asking;
  try {
    const { pictures } = await api.listed(filter, signal);
    if (signal.aborted) return;
    const passing = new Set(pictures.map(({ id }) => id));
    whenChanged(Uint8Array.from(ids, (id) => passing.has(id)));
  } catch (error) {
    if (signal.aborted) return;
    complain(error.message);
    whenChanged(null);
  }
}
