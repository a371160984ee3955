// A closed line on the plane, and its points → those inside; some points → the most central.

// `line` is a list of [x, y]; `points` as in map_thumbs.js.
export function inside(line, { index, xs, ys }) {
  if (line.length < 3) return [];
  const [left, right] = [Math.min(...line.map(([x]) => x)), Math.max(...line.map(([x]) => x))];
  const [top, bottom] = [Math.min(...line.map(([, y]) => y)), Math.max(...line.map(([, y]) => y))];
  return index.range(left, top, right, bottom).filter((point) => encloses(line, xs[point], ys[point]));
}

// Whether a ray to the right crosses the line an odd number of times.
function encloses(line, x, y) {
  let within = false;
  for (let at = 0, last = line.length - 1; at < line.length; last = at, at += 1) {
    const [[x1, y1], [x2, y2]] = [line[at], line[last]];
    if (y1 > y !== y2 > y && x < (x2 - x1) * (y - y1) / (y2 - y1) + x1) within = !within;
  }
  return within;
}

export function mostCentral(some, { xs, ys }, most) {
  const middle = (values) => some.map((point) => values[point]).sort((a, b) => a - b)[some.length >> 1];
  const [x, y] = [middle(xs), middle(ys)];
  const away = (point) => Math.hypot(xs[point] - x, ys[point] - y);
  return [...some].sort((one, other) => away(one) - away(other)).slice(0, most);
}
