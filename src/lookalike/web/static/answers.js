// A query, or filters alone → all answers by their place, fetched where they are looked at, and the
// numbers of all of them.

import * as api from "./api.js";
import { isList } from "./query.js";

export const STRETCH = 120;
const KEPT = 40; // stretches; those farthest away go first, and are fetched again

// What a wall of pictures shows: { total, stretch, list, has(number), load(number, signal) }, where
// `list` has holes at what is not at hand, and stretch number n begins at n * stretch. `length` and
// `at(index)`, which gives a picture or a promise of one, are for the viewer; `everything(signal)`
// promises { pictures, total }, the first of all with no more than their numbers and scores.
// `fold`: whether copies are no answers of their own.
export function answersTo(query, { hits, total }, fold) {
  const kept = new Set();
  const stretch = ({ offset, k }, signal) => (isList(query)
    ? api.list(query.filter, { offset, k }, signal)
    : api.search(query, { offset, k, fold }, signal));
  const all = {
    total,
    stretch: STRETCH,
    list: [],
    has: (number) => kept.has(number),
    load,
    everything: (signal) => (isList(query)
      ? api.listed(query.filter, signal) : api.ranking(query, fold, signal)),
    get length() { return all.total; },
    at: (index) => all.list[index] ?? load(Math.floor(index / STRETCH)).then(() => all.list[index]),
  };

  function take(number, found) {
    found.forEach((hit, at) => { all.list[number * STRETCH + at] = hit; });
    kept.add(number);
    const far = [...kept].sort((a, b) => Math.abs(b - number) - Math.abs(a - number));
    for (const other of far.slice(0, Math.max(0, kept.size - KEPT))) drop(other);
  }

  function drop(number) {
    for (let at = number * STRETCH; at < (number + 1) * STRETCH; at += 1) delete all.list[at];
    kept.delete(number);
    all.list.length = all.total;
  }

  // Where the library has changed meanwhile, what was fetched before has other places by now.
  function recount(now) {
    if (now === all.total) return;
    for (const number of [...kept]) drop(number);
    all.list.length = all.total = now;
  }

  async function load(number, signal) {
    if (kept.has(number)) return;
    const answer = await stretch({ offset: number * STRETCH, k: STRETCH }, signal);
    recount(answer.total);
    take(number, answer.hits);
  }

  all.list.length = total;
  take(0, hits);
  return all;
}

// Some pictures that are all there, as such.
export function theseOnly(list) {
  return { total: list.length, stretch: list.length || 1, list, has: () => true, load: async () => {} };
}
