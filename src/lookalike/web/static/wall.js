// Pictures by their place → those on the screen as elements in #grid, at a height that is right for
// all of them; what is not at hand is fetched when the screen rests there.

import { byId, element } from "./dom.js";
import { GAP, ratioOf, rowsFor, rowsOf } from "./rows.js";

const MARGIN = 1; // screens above and below the visible one that are in the page, too
const FEW = 60; // pictures that are all in the page
const TALLEST = 15e6; // pixels; browsers lay out 17 millions at least
const REST = 50; // milliseconds on which the screen rests before something is fetched
const AGAIN = 3000; // milliseconds after which what has failed is tried again

const list = byId("grid");
const tiles = new Map(); // by the place of their picture
const lying = new WeakMap(); // where a tile has been put
const fetching = new Map(); // by the number of their stretch

let pictures = null;
let how = {};
let width = 0;
let ratio = 4 / 3; // the mean of what has been seen
let blocks = []; // one for each stretch: its rows, where they are known, and its place
let held = null; // a place that is kept while nobody scrolls, whatever is fetched meanwhile
let awaited = "";
let told = "";
let timer = null;
let frame = null;
let broken = false;

// `pictures` as in answers.js. `make(picture, index)` gives an element, `seen(first, last)` is
// called with what is on the screen, `failed(error)` where nothing can be fetched, and with null
// once it can. A row should be `height` pixels high, and has `under` pixels below its pictures.
export function put(given, options) {
  for (const { controller } of fetching.values()) controller.abort();
  fetching.clear();
  [pictures, how, held, awaited, told, broken] = [given, options, null, "", "", false];
  tiles.clear();
  list.replaceChildren();
  lay();
  draw();
}

export function resize(height) {
  how.height = height;
  keeping(lay);
}

export const tileAt = (index) => tiles.get(index);
export const total = () => pictures?.total ?? 0;

// ---- where everything lies

function lay() {
  width = list.clientWidth;
  const number = Math.ceil(pictures.total / pictures.stretch);
  blocks = Array.from({ length: number }, (_, at) => {
    const first = at * pictures.stretch;
    return { at, first, count: Math.min(pictures.stretch, pictures.total - first), rows: null };
  });
  blocks.forEach(layBlock);
  stack();
}

function layBlock(block) {
  if (!pictures.has(block.at)) {
    const rows = rowsFor(block.count, block.count * ratio, width, how.height);
    block.height = Math.min(rows * (how.height + how.under + GAP), TALLEST / blocks.length);
    return;
  }
  const ratios = pictures.list.slice(block.first, block.first + block.count).map(ratioOf);
  ratio = ratios.reduce((sum, one) => sum + one, 0) / ratios.length;
  Object.assign(block, rowsOf(ratios, width, how.height, how.under));
}

function stack() {
  let top = 0;
  for (const block of blocks) {
    block.top = top;
    top += block.height;
  }
  list.style.height = `${Math.max(0, top - GAP)}px`;
}

function blockAt(y) {
  let [low, high] = [0, blocks.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (blocks[middle].top <= y) low = middle;
    else high = middle - 1;
  }
  return blocks[low];
}

const blockOf = (index) => blocks[Math.floor(index / pictures.stretch)];
const rowIn = (block, index) => block.rows.findLast((row) => block.first + row.first <= index);

function topOf(index) {
  const block = blockOf(index);
  if (!block.rows) return block.top + block.height * ((index - block.first) / block.count);
  return block.top + rowIn(block, index).top;
}

// The first and the last picture of the row at a height; a guess where it is not known.
function rowAt(y) {
  const block = blockAt(y);
  const row = block.rows?.findLast(({ top }) => block.top + top <= y) ?? block.rows?.[0];
  if (row) return [block.first + row.first, block.first + row.first + row.lefts.length - 1];
  const part = Math.min(1, Math.max(0, (y - block.top) / block.height));
  const index = block.first + Math.min(block.count - 1, Math.floor(block.count * part));
  return [index, index];
}

// ---- where one is

// Pixels of the screen's top that are covered by what stays there.
const head = () => byId("bar").offsetHeight + byId("tools").offsetHeight + GAP;
// And of its bottom, by what can be done with a selection.
const foot = () => {
  const { height, top } = byId("selection").getBoundingClientRect();
  return height ? window.innerHeight - top : 0;
};
const above = () => -list.getBoundingClientRect().top; // pixels of the list beyond the screen's top

// Stays right when sizes change: a picture, and how far below its top the screen begins.
export function place() {
  if (!blocks.length) return null;
  if (held?.y === window.scrollY) return { index: held.index, offset: held.offset };
  const y = above();
  const [index] = rowAt(Math.max(0, y));
  return { index, offset: y - topOf(index) };
}

function moveTo({ index, offset }) {
  const y = window.scrollY + topOf(index) + offset - above();
  window.scrollTo({ top: y, behavior: "instant" });
  held = { index, offset, y: window.scrollY };
}

export function goTo(spot) {
  if (!blocks.length) return;
  moveTo({ ...spot, index: Math.min(spot.index, pictures.total - 1) });
  draw();
}

export const goToPicture = (index) => goTo({ index, offset: -head() });

// Does something that moves pictures, but not those that one looks at.
function keeping(change) {
  const spot = atTheEnd() ? { index: Infinity, offset: 0 } : place();
  change();
  if (spot?.index < pictures.total) moveTo(spot);
  else if (spot) window.scrollTo({ top: document.documentElement.scrollHeight, behavior: "instant" });
  draw();
}

function atTheEnd() {
  const below = document.documentElement.scrollHeight - window.innerHeight - window.scrollY;
  return window.scrollY > 0 && below < 2 && held?.y !== window.scrollY;
}

// ---- what is in the page

function draw() {
  if (!blocks.length) return;
  const top = above();
  const screen = window.innerHeight;
  const few = pictures.total <= FEW;
  const [from, to] = few ? [0, Infinity] : [top - MARGIN * screen, top + (1 + MARGIN) * screen];
  const [wanted, missing] = [new Map(), []];
  for (let { at } = blockAt(from); at < blocks.length; at += 1) {
    const block = blocks[at];
    if (block.top > to) break;
    if (!block.rows || !pictures.has(at)) missing.push(at);
    else for (const row of block.rows) if (reaches(block, row, from, to)) want(block, row, wanted);
  }
  pin(wanted);
  showTiles(wanted);
  showWaiting(missing);
  fetchSoon(missing);
  tell(rowAt(Math.max(0, top + head()))[0], rowAt(top + screen)[1]);
}

function tell(first, last) {
  const now = [first, last, first in pictures.list, last in pictures.list].join();
  if (now === told) return;
  told = now;
  how.seen(first, last);
}

function reaches(block, row, from, to) {
  const top = block.top + row.top;
  return top < to && top + row.high + how.under > from;
}

function want(block, row, wanted) {
  row.lefts.forEach((left, at) => wanted.set(block.first + row.first + at, { block, row, at }));
}

// What has the focus stays in the page: otherwise nothing would have it any more.
function pin(wanted) {
  const index = indexOf(document.activeElement);
  if (index === null || wanted.has(index)) return;
  const block = blockOf(index);
  if (block?.rows && pictures.has(block.at)) want(block, rowIn(block, index), wanted);
}

export function indexOf(inside) {
  const tile = inside?.closest?.("#grid > .tile");
  return tile ? Number(tile.getAttribute("aria-posinset")) - 1 : null;
}

// The place of the picture that has the focus, where it is on the screen; else null.
export function focused() {
  const index = indexOf(document.activeElement);
  const box = index === null ? null : document.activeElement.getBoundingClientRect();
  return box && box.bottom > 0 && box.top < window.innerHeight ? index : null;
}

// In the order of the pictures, which is that of the Tab key and of screen readers.
function showTiles(wanted) {
  for (const [index, tile] of tiles) if (!wanted.has(index)) remove(index, tile);
  let before = null;
  for (const index of [...wanted.keys()].sort((a, b) => a - b)) {
    const tile = tiles.get(index) ?? make(index);
    if (!tile.isConnected) list.insertBefore(tile, before ? before.nextSibling : list.firstChild);
    putTile(tile, wanted.get(index));
    before = tile;
  }
}

function make(index) {
  const tile = how.make(pictures.list[index], index);
  tile.setAttribute("aria-posinset", index + 1);
  tiles.set(index, tile);
  return tile;
}

function remove(index, tile) {
  const image = tile.querySelector("img");
  if (image && !image.complete) image.removeAttribute("src"); // it need not come any more
  tile.remove();
  tiles.delete(index);
}

function putTile(tile, { block, row, at }) {
  const top = block.top + row.top;
  const before = lying.get(tile);
  if (before?.row === row && before.top === top) return;
  lying.set(tile, { row, top });
  tile.setAttribute("aria-setsize", pictures.total);
  Object.assign(tile.style, {
    top: `${top}px`, insetInlineStart: `${row.lefts[at]}px`, width: `${row.wides[at]}px`,
  });
  tile.style.setProperty("--high", `${row.high}px`);
}

// A shade of rows where pictures will be.
function showWaiting(missing) {
  for (const old of list.querySelectorAll(".waiting")) old.remove();
  for (const at of missing) {
    const shade = element("li", { className: "waiting" });
    shade.setAttribute("aria-hidden", "true");
    shade.style.top = `${blocks[at].top}px`;
    shade.style.height = `${Math.max(0, blocks[at].height - GAP)}px`;
    shade.style.setProperty("--high", `${how.height}px`);
    shade.style.setProperty("--row", `${how.height + how.under + GAP}px`);
    list.append(shade);
  }
}

// ---- fetching

// Nothing that is only passed by: the bar at the side may be dragged through all there is.
function fetchSoon(missing) {
  for (const [number, { controller }] of fetching) {
    if (!missing.includes(number)) {
      controller.abort();
      fetching.delete(number);
    }
  }
  if (missing.join() === awaited) return;
  awaited = missing.join();
  clearTimeout(timer);
  timer = setTimeout(afterAFrame, REST, () => {
    if (missing.join() === awaited) missing.forEach(fetchOne);
  });
}

// Where frames take longer than a rest, it is none before the next frame has been drawn.
function afterAFrame(then) {
  requestAnimationFrame(() => { timer = setTimeout(then); });
}

function fetchOne(number) {
  if (!fetching.has(number)) {
    const controller = new AbortController();
    fetching.set(number, { controller, done: bring(number, controller) });
  }
  return fetching.get(number).done;
}

async function bring(number, controller) {
  const mine = pictures;
  try {
    await mine.load(number, controller.signal);
    if (mine !== pictures) return;
    fetching.delete(number);
    if (broken) how.failed(null);
    broken = false;
    arrived(number);
  } catch (error) {
    if (controller.signal.aborted || mine !== pictures) return;
    fetching.delete(number);
    broken = true;
    how.failed(error);
    setTimeout(() => { awaited = ""; soon(); }, AGAIN);
  }
}

function arrived(number) {
  const known = blocks.at(-1).first + blocks.at(-1).count;
  if (known !== pictures.total) keeping(lay);
  else keeping(() => { layBlock(blocks[number]); stack(); });
}

// ---- one picture

// Brings a picture into the page, and unless it is to be `still`, onto the screen; null where it
// cannot be fetched.
export async function reveal(index, { still = false } = {}) {
  const block = blockOf(index);
  if (!block) return null;
  if (!block.rows || !pictures.has(block.at)) {
    if (!still) goToPicture(index);
    await fetchOne(block.at);
    if (blockOf(index) !== block || !block.rows) return null;
  }
  const row = rowIn(block, index);
  const top = block.top + row.top - above();
  const bottom = top + row.high + how.under + GAP;
  const end = window.innerHeight - foot();
  if (still || (top >= head() && bottom <= end)) draw();
  else goTo({ index, offset: top < head() ? -head() : bottom - top - end });
  return tiles.get(index) ?? null;
}

// The picture of the row above (-1) or below (1) whose middle is nearest.
export async function beside(index, direction) {
  let block = blockOf(index);
  if (!block?.rows) return index; // on the way there
  const row = rowIn(block, index);
  const middle = ({ lefts, wides }, at) => lefts[at] + wides[at] / 2;
  const from = middle(row, index - block.first - row.first);
  let other = block.rows[block.rows.indexOf(row) + direction];
  if (!other) {
    block = blocks[block.at + direction];
    if (!block || !(await reveal(direction < 0 ? block.first + block.count - 1 : block.first))) return index;
    other = block.rows.at(direction < 0 ? -1 : 0);
  }
  const away = other.lefts.map((_, at) => Math.abs(middle(other, at) - from));
  return block.first + other.first + away.indexOf(Math.min(...away));
}

// ---- listening

function soon() {
  frame ??= requestAnimationFrame(() => {
    frame = null;
    draw();
  });
}

window.addEventListener("scroll", soon, { passive: true });
window.addEventListener("resize", soon);
new ResizeObserver(() => {
  if (pictures && list.clientWidth !== width) keeping(lay);
}).observe(list);
new ResizeObserver(() => {
  document.body.style.setProperty("--bar", `${byId("bar").offsetHeight}px`);
}).observe(byId("bar"));
