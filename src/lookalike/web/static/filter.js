// Which pictures may be answers ↔ the address of the page, what the calls take, and words.

import { printable } from "./text.js";

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

// What passes, for a title or a line above it: "Favourites, tagged rose, 2024".
export function filterInWords({ folder, format, from, to, camera, min_side: side, favourite, tag, label, text }) {
  const parts = [
    favourite && "favourites",
    tag && `tagged ${tag.join(", ")}`,
    label && `showing ${label}`,
    text && `with “${text}”`,
    folder && `in ${folder.split(/[\\/]/).filter(Boolean).at(-1) ?? folder}`,
    (from || to) && (from === to ? from : `${from ?? "…"} to ${to ?? "…"}`),
    camera,
    format,
    side && `${side} pixels or more`,
  ].filter(Boolean);
  const words = printable(parts.join("; "));
  return words ? words[0].toUpperCase() + words.slice(1) : "All pictures";
}

// As the search calls take it.
export function filterForSearch({ folder, format, from, to, camera, min_side: side, favourite, tag, label, text }) {
  const fields = { folder, formats: format && [format], taken_from: from, taken_to: to, camera,
    min_side: side && Number(side), favourite: favourite && true, tags: tag,
    labels: label && [label], text };
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return given.length ? Object.fromEntries(given) : null;
}
