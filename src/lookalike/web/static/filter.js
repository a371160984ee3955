// Which pictures may be answers ↔ the address of the page, and what the calls take.

// A filter has some of these names; each value is the text that the address has for it, that of
// `tag` a list of such.
const NAMES = ["folder", "format", "from", "to", "camera", "min_side", "favourite", "tag", "label", "text"];

export function filterOf(params) {
  const given = NAMES.filter((name) => params.get(name));
  const filter = Object.fromEntries(given.map((name) => [name, params.get(name)]));
  if ("tag" in filter) filter.tag = params.getAll("tag");
  if (filter.favourite !== "true") delete filter.favourite;
  return filter;
}

export const filterInAddress = (filter) => NAMES.filter((name) => name in filter)
  .flatMap((name) => [filter[name]].flat().map((value) => `${name}=${encodeURIComponent(value)}`));

// As the search calls take it.
export function filterForSearch({ folder, format, from, to, camera, min_side: side, favourite, tag, label, text }) {
  const fields = { folder, formats: format && [format], taken_from: from, taken_to: to, camera,
    min_side: side && Number(side), favourite: favourite && true, tags: tag,
    labels: label && [label], text };
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return given.length ? Object.fromEntries(given) : null;
}
