// The filter of a query → the choices above its answers, each with how many pictures it would give.

import * as api from "./api.js";
import { chip } from "./chips.js";
import { byId, element } from "./dom.js";
import { filterInAddress } from "./filter.js";
import { count, printable } from "./text.js";

const PLACE = { folder: "filter-folder", format: "filter-format", camera: "filter-camera",
  min_side: "filter-side", label: "filter-label" };
const LIST = { folder: "folders", format: "formats", camera: "cameras", min_side: "sides", label: "labels" };
const ANY = { folder: "All folders", format: "All types", camera: "All cameras", min_side: "Any size",
  label: "Anything" };

const FRESH = 5000; // milliseconds: while a box is dragged, the counts need not be asked for again

let asking = null;
let asked = { address: null, at: 0 };
let shown = {};
let whenChanged = () => {};
let atTheStart = false;

// `change(filter)` is called with the filter that a person has chosen. At the `start` nothing is
// asked for yet, and the filters lead to what passes them.
export async function showFilters(filter, change, { start = false } = {}) {
  [shown, whenChanged, atTheStart] = [filter, change, start];
  const some = Object.keys(filter).length > 0;
  byId("filters").hidden = false;
  byId("filters-toggle").textContent = start ? "Browse by folder, date, camera or tag" : "Filters";
  byId("filters-clear").hidden = !some && !start;
  if (some) byId("filters-all").open = true;
  await countFor(filter);
}

// Something has changed by which pictures are filtered.
export function recount() {
  asked.address = null;
  if (!byId("filters").hidden) countFor(shown);
}

async function countFor(filter) {
  const address = filterInAddress(filter).join("&");
  if (asked.address === address && Date.now() - asked.at < FRESH) return;
  asked = { address, at: Date.now() };
  asking?.abort();
  asking = new AbortController();
  const { signal } = asking;
  try {
    fill(await api.facets(address, signal), filter);
  } catch (error) {
    if (error.name === "AbortError") return;
    // The search itself tells what does not fit or does not answer; the choices stay as they were.
    asked.address = null;
    byId("filters-count").textContent = "";
  }
}

function fill(facets, filter) {
  byId("filters-count").textContent = Object.keys(filter).length
    ? `${count(facets.images)} ${facets.images === 1 ? "picture passes" : "pictures pass"}` : "";
  for (const [name, place] of Object.entries(PLACE)) {
    const choices = facets[LIST[name]].filter(({ value }) => fitsAddress(value))
      .map(({ value, images }) => [`${value}`, label(name, value), images]);
    options(byId(place), ANY[name], choices, filter[name] ?? "");
  }
  const { from, to } = filter;
  const taken = from === to ? from ?? "" : `${from ?? ""}/${to ?? ""}`;
  options(byId("filter-taken"), "Any time", times(facets.taken), taken);
  byId("filter-label").closest("label").hidden = byId("filter-label").disabled;
  if (document.activeElement !== byId("filter-text")) byId("filter-text").value = filter.text ?? "";
  fillMarks(facets, filter);
}

function fillMarks({ tags, favourites }, { tag: chosenTags = [], favourite }) {
  const there = new Set(chosenTags.map((tag) => tag.toLowerCase()));
  const others = tags.filter(({ value }) => !there.has(value.toLowerCase()));
  options(byId("filter-tag"), chosenTags.length ? "One more tag" : "Any tag",
    others.map(({ value, images }) => [value, printable(value), images]), "");
  byId("filter-tags").replaceChildren(...chosenTags.map((tag) => (
    chip(tag, `Do not ask for the tag ${tag}`, () => without(tag))
  )));
  const box = byId("filter-favourite");
  box.checked = favourite !== undefined;
  box.disabled = favourites === 0 && !box.checked;
  byId("filter-favourite-words").textContent = favourites ? `Favourites (${count(favourites)})` : "Favourites";
}

function without(tag) {
  byId("filter-tag").focus();
  const { tag: tags, ...rest } = chosen();
  const left = tags.filter((one) => one !== tag);
  whenChanged(left.length ? { ...rest, tag: left } : rest);
}

// A name that is not valid Unicode has no place in an address.
function fitsAddress(value) {
  try {
    return encodeURIComponent(value) !== "";
  } catch {
    return false;
  }
}

function label(name, value) {
  return name === "min_side" ? `${count(value)} pixels or more` : printable(`${value}`);
}

// Months → the years, each with its months below it, the newest first.
function times(months) {
  const years = new Map();
  for (const { value, images } of [...months].reverse()) {
    const year = value.slice(0, 4);
    const known = years.get(year) ?? { images: 0, months: [] };
    known.images += images;
    known.months.push([value, `\u2003${value}`, images]);
    years.set(year, known);
  }
  return [...years].flatMap(([year, { images, months: inIt }]) => [[year, year, images], ...inIt]);
}

function options(select, any, choices, value) {
  const known = value === "" || choices.some(([choice]) => choice === value);
  const all = known ? choices : [...choices, [value, printable(value), null]];
  select.replaceChildren(
    element("option", { value: "", textContent: any }),
    ...all.map(([choice, words, images]) => element("option", {
      value: choice, textContent: images === null ? words : `${words} (${count(images)})`,
    })),
  );
  select.value = value;
  select.disabled = all.length === 0;
}

function chosen() {
  const filter = {};
  for (const [name, place] of Object.entries(PLACE)) {
    if (byId(place).value) filter[name] = byId(place).value;
  }
  const [from, to = from] = byId("filter-taken").value.split("/");
  if (from) filter.from = from;
  if (to) filter.to = to;
  const tags = [...shown.tag ?? [], byId("filter-tag").value].filter(Boolean);
  if (tags.length) filter.tag = tags;
  const text = byId("filter-text").value.trim();
  if (text) filter.text = text;
  if (byId("filter-favourite").checked) filter.favourite = "true";
  return filter;
}

byId("filters").addEventListener("change", () => whenChanged(chosen()));
byId("filters").addEventListener("submit", (event) => event.preventDefault());
byId("filters-clear").addEventListener("click", () => {
  byId("filters-toggle").focus();
  if (atTheStart || Object.keys(shown).length) whenChanged({});
});
