// Pictures' ratios of width to height, and how high a row should be → rows as wide as all there is.

export const GAP = 8; // pixels between pictures
const NARROWEST = 0.5;
const WIDEST = 2.6;
const HIGHEST = 1.7; // times what a row should be: a few pictures need not fill one

export function ratioOf({ width, height }) {
  if (!width || !height) return 1;
  return Math.min(WIDEST, Math.max(NARROWEST, width / height));
}

// How many rows some pictures take, given the sum of their ratios; no whole number.
export function rowsFor(count, ratios, width, height) {
  return Math.min(count, (ratios * height + count * GAP) / (width + GAP));
}

// Of all ways to break the pictures into full rows, the one whose rows differ least from the height
// that is wanted (as Knuth and Plass break paragraphs into lines): the last row is as full as the
// others, and the next pictures can begin below it. A row is { first, top, high, lefts, wides }, in
// whole pixels; `first` counts from 0, and `under` is left below each row.
export function rowsOf(ratios, width, height, under) {
  const rows = [];
  let top = 0;
  for (const [first, end] of breaks(ratios, width, height)) {
    const row = rowOf(ratios.slice(first, end), width, height * HIGHEST);
    rows.push({ first, top, ...row });
    top += row.high + under + GAP;
  }
  return { rows, height: top };
}

function breaks(ratios, width, height) {
  const best = [{ cost: 0, from: 0 }]; // of the first so many pictures
  for (let end = 1; end <= ratios.length; end += 1) {
    let [sum, found] = [0, { cost: Infinity, from: end - 1 }];
    for (let first = end - 1; first >= 0; first -= 1) {
      sum += ratios[first];
      const high = (width - GAP * (end - first - 1)) / sum;
      if (high < height / HIGHEST && first < end - 1) break;
      const cost = best[first].cost + Math.log(Math.max(1, high) / height) ** 2;
      if (cost < found.cost) found = { cost, from: first };
    }
    best.push(found);
  }
  const pairs = [];
  for (let end = ratios.length; end > 0; end = best[end].from) pairs.unshift([best[end].from, end]);
  return pairs;
}

function rowOf(ratios, width, most) {
  const sum = ratios.reduce((all, ratio) => all + ratio, 0);
  const high = Math.min(most, (width - GAP * (ratios.length - 1)) / sum);
  const [lefts, wides] = [[], []];
  let at = 0;
  for (const ratio of ratios) {
    const left = Math.round(at);
    lefts.push(left);
    wides.push(Math.round(at + ratio * high) - left);
    at += ratio * high + GAP;
  }
  return { high: Math.round(high), lefts, wides };
}
