// Pictures that are chosen, by their numbers → the marks on their tiles, and what can be done with
// all of them in the bar at the bottom. It is kept here and not in the page, where tiles come and
// go; another search leaves it as it is.

import * as api from "./api.js";
import { listenForExports } from "./export.js";
import { announce, byId, complain, copy, element, icon, writesIn } from "./dom.js";
import { listenForMarks } from "./mark_many.js";
import { NOTHING_STAYS, ofPictures, toAddress } from "./query.js";
import { count, nameOf, pictures } from "./text.js";

const STEPS = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"]);
const HELD = 450; // milliseconds after which a touch is no tap
const LONGEST = 1000; // letters of what an export may be called
const SLIP = 8; // pixels that a finger may move meanwhile
const LISTED = 10000; // pictures that one list tells the paths of
const MOST = 10000; // pictures that "All" takes: as many as one export does

const bar = byId("selection");
const menus = bar.querySelectorAll(".menu");
const mostExamples = Number(bar.dataset.mostExamples);

const chosen = new Map(); // number → picture, in the order in which they were chosen
const pictureOf = new WeakMap(); // tile → picture

let list = []; // the pictures that are shown, with holes where they are not loaded
let everything = null; // asks for the numbers of all of them
let numbered = new Map(); // number → { at, picture }: what that has told, loaded or not
let gathering = null; // while it is asked
let mode = false; // whether a click chooses instead of opening
let anchor = null; // where a range begins, and what was chosen apart from it
let apart = new Map();
let ranging = false; // whether the keys draw a range, and have moved on to where it ends
let moved = false;
let holding = false; // a click is to come that ends the holding, and means nothing else
let searching = (some) => location.assign(`./${toAddress(ofPictures(some, NOTHING_STAYS))}`);
let central = null;
let changed = () => {};

// ---- what others call

// What is shown, in its order; the list may be filled or emptied later on. `ask(signal)` as
// `everything` in answers.js; without it the list is all there is.
export function shows(all, ask = null) {
  gathering?.abort();
  [list, everything, numbered, gathering] = [all, ask, new Map(), null];
  draw();
}

// A tile has been made for a picture: it gets its box to tick.
export function decorate(tile, picture) {
  const box = element("button", { type: "button", className: "pick", tabIndex: -1 }, icon("check"));
  box.setAttribute("role", "checkbox");
  box.setAttribute("aria-label", `Select ${nameOf(picture)}`);
  box.title = "Select (X)";
  tile.append(box);
  pictureOf.set(tile, picture);
  mark(tile);
}

// `search(pictures)` is called for "search with these"; otherwise that leads to the first page.
// `mostCentral(pictures, most)` chooses where there are too many for one search; otherwise they are
// refused. `change(pictures)` is called when others are chosen.
export function listenForSelection({ search = searching, mostCentral = null, change = changed }) {
  [searching, central, changed] = [search, mostCentral, change];
}

export const selected = () => [...chosen.values()];

// Choose these and no others. Of a picture its number is enough where there are no tiles.
export function select(some) {
  replace(new Map(some.map((picture) => [picture.id, picture])));
  anchor = null;
}

export function clear() {
  mode = false;
  select([]);
}

// ---- choosing

function replace(now) {
  chosen.clear();
  for (const [id, picture] of now) chosen.set(id, picture);
  told();
}

// Others are chosen than before.
function told() {
  for (const menu of menus) menu.open = false;
  draw();
  changed(selected());
}

function toggle(picture) {
  ranging = false;
  if (!chosen.delete(picture.id)) chosen.set(picture.id, picture);
  anchor = picture.id;
  apart = new Map(chosen);
  told();
}

// From the anchor to this one, beside what was chosen before the anchor was set.
function extend(picture) {
  const places = placesOf([{ id: anchor }, picture]);
  const [from, to] = [places.get(anchor), places.get(picture.id)];
  if (from === undefined || to === undefined) {
    toggle(picture);
    return;
  }
  const range = list.slice(Math.min(from, to), Math.max(from, to) + 1);
  const known = loaded(range);
  replace(new Map([...apart, ...known]));
  const missing = range.length - known.length;
  if (missing) complain(`${pictures(missing)} in between are not loaded, and not selected.`);
}

// Where some pictures stand in the list; those that are not in it are left out.
function placesOf(some) {
  const wanted = new Set(some.map(({ id }) => id));
  const places = new Map();
  list.forEach(({ id }, at) => { if (wanted.has(id)) places.set(id, at); });
  for (const id of wanted) if (numbered.has(id) && !places.has(id)) places.set(id, numbered.get(id).at);
  return places;
}

function loaded(some) {
  const found = [];
  some.forEach((picture) => found.push([picture.id, picture])); // passes over holes
  return found;
}

// All answers, whether the page has loaded them or not: the server tells their numbers.
async function selectAll() {
  const known = loaded(list);
  if (!everything || known.length === list.length) {
    take(known, list.length);
    return;
  }
  gathering?.abort();
  const mine = gathering = new AbortController();
  say("Selecting all …");
  try {
    const { pictures: all, total } = await everything(mine.signal);
    if (mine.signal.aborted) return;
    const here = new Map(known);
    numbered = new Map(all.map((picture, at) => [picture.id, { at, picture }]));
    take(all.map((picture) => [picture.id, here.get(picture.id) ?? picture]), total);
  } catch (error) {
    if (mine.signal.aborted) return;
    say("");
    complain(error.message);
  } finally {
    if (gathering === mine) gathering = null;
  }
}

function take(all, total) {
  const some = all.slice(0, MOST);
  replace(new Map([...chosen, ...some]));
  const sentence = some.length < total
    ? `The first ${count(some.length)} of ${count(total)} are selected: “All” takes no more at once.`
    : `${pictures(total)} selected: all there are.`;
  say(sentence);
  announce(sentence);
}

function say(sentence) {
  byId("selection-said").textContent = sentence;
}

// ---- showing it

function draw() {
  const some = chosen.size > 0;
  document.body.classList.toggle("some-selected", some);
  document.body.classList.toggle("selecting", mode);
  byId("select-mode")?.setAttribute("aria-pressed", mode);
  for (const tile of document.querySelectorAll(".tile")) mark(tile);
  bar.hidden = !some && !mode;
  byId("selection-count").textContent = some ? inWords() : "Tap pictures to select them";
  for (const action of byId("selection-actions").children) action.hidden = !some;
  byId("selection-all").hidden = list.length === 0;
  byId("selection-said").textContent = central && chosen.size > mostExamples
    ? `A search takes ${mostExamples}: those most in the middle.` : "";
}

function inWords() {
  const elsewhere = chosen.size - placesOf(selected()).size;
  return `${count(chosen.size)} selected` + (elsewhere && list.length ? `, ${count(elsewhere)} not shown here` : "");
}

function mark(tile) {
  const picture = pictureOf.get(tile);
  if (!picture) return;
  const on = chosen.has(picture.id);
  tile.classList.toggle("picked", on);
  tile.querySelector(".pick").setAttribute("aria-checked", on);
}

// What the page says of the chosen pictures: with scores only where all are answers to the
// question that is shown, for those of different questions cannot be compared.
function asShown() {
  const now = selected();
  const places = [...placesOf(now).values()].sort((a, b) => a - b); // in the order of the list
  const told = new Map([...numbered.values()].map(({ at, picture }) => [at, picture]));
  const pictureOfPlace = (at) => list[at] ?? told.get(at);
  const here = places.map(pictureOfPlace);
  if (here.length === now.length && here.every((picture) => "score" in picture)) {
    return { images: here.map(hitOf), query: document.title.replace(" · Lookalike", "").slice(0, LONGEST) };
  }
  return { images: now.map(({ id }) => id), query: pictures(now.length) };
}

// Of answers that were never looked at, no more is known than how near they are.
function hitOf({ id, score, distance, ...more }) {
  const said = ["verdict", "box", "liked"].filter((name) => more[name] !== undefined);
  return { id, score, distance, ...Object.fromEntries(said.map((name) => [name, more[name]])) };
}

// ---- on the tiles

const pictureAt = (target) => pictureOf.get(target.closest?.(".tile"));

function clicked(event) {
  const picture = pictureAt(event.target);
  if (!picture) return;
  if (holding) {
    holding = false;
    event.preventDefault();
    event.stopPropagation();
    return;
  }
  const box = event.target.closest(".pick");
  const open = event.target.closest(".open");
  const meant = box || (open && (mode || event.shiftKey || event.ctrlKey || event.metaKey));
  if (!meant) return;
  event.preventDefault();
  event.stopPropagation();
  if (event.shiftKey && anchor !== null) extend(picture);
  else toggle(picture);
}

function pressed(event) {
  const picture = pictureAt(event.target);
  if (!picture || event.altKey) return;
  if (event.ctrlKey || event.metaKey) return;
  if (event.key.toLowerCase() === "x") {
    toggle(picture);
    event.preventDefault();
  } else if (event.shiftKey && STEPS.has(event.key)) {
    if (!ranging) begin(picture);
    moved = true;
  } else if (event.key !== "Shift") {
    ranging = moved = false;
  }
}

// A range by keys begins where the focus is.
function begin(picture) {
  anchor = picture.id;
  apart = new Map(chosen);
  ranging = true;
}

// Holding a finger on a picture begins to select, as it does elsewhere on a phone.
function listenForHolding(grid) {
  let waiting = null;
  let start = null;
  const stop = () => { clearTimeout(waiting); waiting = null; };
  grid.addEventListener("pointerdown", (event) => {
    const picture = pictureAt(event.target);
    holding = false;
    if (event.pointerType !== "touch" || !picture || mode) return;
    start = event;
    waiting = setTimeout(() => {
      mode = true;
      toggle(picture);
      holding = true;
    }, HELD);
  });
  grid.addEventListener("pointermove", (event) => {
    if (waiting && Math.hypot(event.x - start.x, event.y - start.y) > SLIP) stop();
  });
  for (const kind of ["pointerup", "pointercancel"]) grid.addEventListener(kind, stop);
  grid.addEventListener("contextmenu", (event) => { if (mode && event.pointerType === "touch") event.preventDefault(); });
}

const grid = byId("grid");
if (grid) {
  listenForHolding(grid);
  grid.addEventListener("click", clicked, { capture: true });
  // Before the grid moves the focus: what has it now is where the range begins.
  grid.addEventListener("keydown", pressed, { capture: true });
  grid.addEventListener("focusin", (event) => {
    const picture = pictureAt(event.target);
    if (!moved || !picture) return;
    moved = false;
    extend(picture);
  });
  grid.addEventListener("pointerdown", () => { ranging = moved = false; }, { capture: true });
}

// ---- anywhere on the page

const busyElsewhere = (event) => event.defaultPrevented
  || document.querySelector("dialog[open]")
  || writesIn(event.target) || event.target.closest?.(".region");

document.addEventListener("keydown", (event) => {
  if (busyElsewhere(event)) return;
  if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "a") {
    if (list.length === 0) return;
    event.preventDefault();
    selectAll();
  } else if (event.key === "Escape" && (chosen.size || mode)) {
    event.preventDefault();
    escape();
  }
});

// First the menu, then the selection.
function escape() {
  const inBar = bar.contains(document.activeElement);
  const open = [...menus].find((menu) => menu.open);
  if (open) {
    close(open);
    return;
  }
  clear();
  if (inBar) (document.querySelector(".tile .open[tabindex='0']") ?? behind()).focus();
}

// What the selection is of: the results, or the map.
const behind = () => byId("results") ?? byId("points");

function close(menu) {
  if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
  menu.open = false;
}

document.addEventListener("pointerdown", (event) => {
  for (const menu of menus) if (!menu.contains(event.target)) menu.open = false;
});

// What the bar lies over leaves room for it.
new ResizeObserver(() => {
  document.documentElement.style.setProperty("--selection", `${bar.offsetHeight}px`);
}).observe(bar);

byId("select-mode")?.addEventListener("click", () => {
  if (mode) {
    clear();
  } else {
    mode = true;
    draw();
  }
});
byId("selection-all").addEventListener("click", selectAll);
byId("selection-clear").addEventListener("click", () => {
  clear();
  behind().focus({ preventScroll: true });
});

byId("selection-copy").addEventListener("click", async ({ currentTarget: button }) => {
  try {
    copy((await paths(selected())).join("\n"), button);
  } catch (error) {
    complain(error.message);
  }
});

// The map knows its pictures by their numbers alone.
async function paths(some) {
  if (some.every(({ path }) => path !== undefined)) return some.map(({ path }) => path);
  const found = [];
  for (let from = 0; from < some.length; from += LISTED) {
    const images = some.slice(from, from + LISTED).map(({ id }) => id);
    const { hits } = await (await api.exported({ images, format: "json" })).json();
    found.push(...hits.map(({ path }) => path));
  }
  return found;
}

byId("selection-search").addEventListener("click", () => {
  const some = selected();
  if (some.length <= mostExamples) {
    searching(some);
  } else if (central) {
    searching(central(some, mostExamples));
  } else {
    complain(`One search takes ${mostExamples} pictures at most; ${count(some.length)} are selected.`);
  }
});
listenForExports(asShown, () => close(byId("selection-export")));
listenForMarks(() => selected().map(({ id }) => id));
