// Which pictures may be answers ↔ the address of the page, and what the calls take.

// A filter has some of these names; each value is the text that the address has for it.
const NAMES = ["folder", "format", "from", "to", "camera", "min_side"];

export const filterOf = (params) => Object.fromEntries(
  NAMES.filter((name) => params.get(name)).map((name) => [name, params.get(name)]),
);

export const filterInAddress = (filter) => NAMES.filter((name) => name in filter)
  .map((name) => `${name}=${encodeURIComponent(filter[name])}`);

// As the search calls take it.
export function filterForSearch({ folder, format, from, to, camera, min_side: side }) {
  const fields = { folder, formats: format && [format], taken_from: from, taken_to: to, camera,
    min_side: side && Number(side) };
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return given.length ? Object.fromEntries(given) : null;
}
