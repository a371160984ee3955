// A list of pictures and a place in it → the dialog that shows one large, with its details.

import * as api from "./api.js";
import * as compare from "./compare.js";
import { byId, copy, element, icon } from "./dom.js";
import { beginMetadata, fillFacts, listen as listenForFacts } from "./facts.js";
import { LIKE, UNLIKE } from "./query.js";
import { renditionsIn } from "./rendition.js";
import { nameOf, printable } from "./text.js";
import { zoomOn } from "./zoom.js";

const STEP = 1.4; // of a key that enlarges
const PART = 0.25; // of the pane, by which an arrow moves what is enlarged

const dialog = byId("viewer");
const image = byId("viewer-image");
const renditions = renditionsIn(image);
const zoom = zoomOn([byId("viewer-sheet"), byId("viewer-sheet-asked")], byId("viewer-frame"), {
  changed: zoomed,
  swiped: (right) => step(-right * rightwards()),
});

let pictures = [];
let at = 0;
let current = null; // the picture that is shown; null until it has arrived
let asked = null;
let whenClosed = () => {};
let whenLiked = () => {};
let whenAdded = null;
let asking = null;
const known = new Map(); // the details of pictures, by id, as they were asked for

// `list` has a `length` and `at(index)`, which gives a picture or a promise of one: an array, or
// what is fetched as one goes. `closed(index)` is called with the picture that was shown last,
// `like(picture)` when its "more like this" is chosen, `add(picture, weight)` when it is added to
// the query, if it can be. `asked` is what the pictures were found with, { query, examples } with
// examples as `examplesOf` gives them, if it was with something: they are compared with these.
export function view(list, index, { closed, like, add = null, asked: found = null }) {
  [pictures, whenClosed, whenLiked, whenAdded, asked] = [list, closed, like, add, found];
  byId("viewer-add").hidden = byId("viewer-avoid").hidden = !add;
  if (!dialog.open) dialog.showModal();
  compare.begin((asked?.examples ?? []).filter(({ words }) => words === null));
  show(index);
}

// Closes it because the page goes elsewhere: nothing is to be focused afterwards.
export function dismiss() {
  if (!dialog.open) return;
  whenClosed = () => {};
  dialog.close();
}

// ---- for other parts of the page

// Whoever has more to say of a picture listens to `viewer-picture` on the dialog, whose `detail` is
// { picture, details, asked }: told when a picture is shown (`details` are null then), when its
// details have arrived, and, with a null picture, when the dialog closes. There is an empty
// element for it among the facts: #viewer-marks.
function tell(details) {
  const detail = { picture: current, details, asked };
  dialog.dispatchEvent(new CustomEvent("viewer-picture", { detail }));
}

// A layer over the picture, switched on and off with a button: { label, icon, show(layer, picture,
// asked), hide() }, with a symbol of icons.svg as `icon`. `layer` is an element that lies exactly
// over the picture and is enlarged with it; it is empty when `show` is called, which happens again
// for each picture while the button is pressed. `hide` is called when that ends. The button is
// returned: whoever made the tool may hide it, or take it away where it has no use.
export function addTool(tool) {
  const layer = element("div", { className: "layer", hidden: true });
  const button = element("button", { type: "button", className: "round tool", title: tool.label });
  button.append(icon(tool.icon));
  button.setAttribute("aria-label", tool.label);
  button.setAttribute("aria-pressed", "false");
  const pressed = () => button.getAttribute("aria-pressed") === "true";

  function draw() {
    layer.replaceChildren();
    layer.hidden = !(pressed() && current);
    if (layer.hidden) tool.hide();
    else tool.show(layer, current, asked);
  }

  button.addEventListener("click", () => {
    button.setAttribute("aria-pressed", String(!pressed()));
    draw();
  });
  dialog.addEventListener("viewer-picture", ({ detail }) => {
    if (pressed() && detail.details === null) draw();
  });
  byId("viewer-frame").append(layer);
  byId("viewer-tools").append(button);
  return button;
}

// ---- one picture

async function show(index) {
  at = index;
  asking?.abort();
  asking = new AbortController();
  const { signal } = asking;
  byId("viewer-previous").disabled = at === 0;
  byId("viewer-next").disabled = at >= pictures.length - 1;
  if (document.activeElement?.disabled || !dialog.contains(document.activeElement)) {
    byId("viewer-close").focus();
  }
  try {
    const picture = await pictures.at(at);
    if (signal.aborted) return;
    if (!picture) throw new Error("This picture is no longer among them: search again.");
    begin(picture, signal);
    const details = await detailsOf(picture);
    if (signal.aborted) return;
    detailed(picture, details);
    if (!await renditions.enlarge(details).catch(() => !signal.aborted && gone())) return;
    zoom.tell();
    prepare(signal);
  } catch (error) {
    if (!signal.aborted) missing(error.message);
  }
}

function begin(picture, signal) {
  current = picture;
  byId("viewer-name").textContent = nameOf(picture);
  byId("viewer-path").textContent = printable(picture.path);
  byId("viewer-note").textContent = "";
  byId("viewer-broken").hidden = true;
  byId("viewer-original").hidden = true;
  image.hidden = false;
  image.alt = nameOf(picture);
  renditions.begin(picture.thumbnail);
  const { width, height } = picture;
  const ratio = width && height ? width / height : 1;
  byId("viewer-frame").style.setProperty("--ratio", ratio);
  byId("viewer-stage").style.setProperty("--result-ratio", ratio);
  zoom.begin(width);
  fillFacts(picture, null);
  beginMetadata(picture.id, signal);
  tell(null);
}

function detailed(picture, details) {
  fillFacts(picture, details);
  byId("viewer-original").href = details.file;
  byId("viewer-original").hidden = false;
  tell(details);
}

// Not given up when one goes on: whoever comes back, or was on the way there, needs them.
function detailsOf(picture) {
  if (!known.has(picture.id)) {
    const coming = api.details(picture.id);
    coming.catch(() => known.delete(picture.id));
    known.set(picture.id, coming);
  }
  return known.get(picture.id);
}

// Where one may go next is there by then.
async function prepare(signal) {
  for (const index of [at + 1, at - 1]) {
    if (index < 0 || index >= pictures.length || signal.aborted) continue;
    try {
      const { large } = await detailsOf(await pictures.at(index));
      if (!signal.aborted) new Image().src = large;
    } catch {
      // Whoever goes there is told.
    }
  }
}

function gone() {
  missing("This picture cannot be shown: its file is gone or has changed.");
}

function missing(sentence) {
  byId("viewer-broken").textContent = sentence;
  byId("viewer-broken").hidden = false;
  image.hidden = true;
}

function zoomed({ scale, actual }) {
  const enlarged = scale > 1.001;
  const stage = byId("viewer-stage");
  stage.style.setProperty("--scale", scale);
  stage.classList.toggle("enlarged", enlarged);
  stage.classList.toggle("beyond", scale > 1.999 * actual);
  const percent = Math.round((100 * scale) / actual);
  const button = byId("viewer-scale");
  button.textContent = `${percent} %`;
  button.setAttribute("aria-label", `${percent} % of its size. ${enlarged ? "Fit" : "Actual size"}`);
  if (!current) return;
  renditions.sharpen(byId("viewer-frame").offsetWidth * scale * devicePixelRatio);
  compare.sharpen(scale);
}

// 1 where reading goes to the right, -1 where it goes to the left.
const rightwards = () => (getComputedStyle(dialog).direction === "rtl" ? -1 : 1);

function step(by) {
  if (at + by >= 0 && at + by < pictures.length) show(at + by);
}

// ---- what can be done with it

async function reveal() {
  byId("viewer-note").textContent = "";
  let said = "The file manager opens.";
  try {
    await api.reveal(current.id);
  } catch (error) {
    said = error.message;
  }
  byId("viewer-note").textContent = said;
}

function like() {
  const picture = current;
  dialog.close();
  whenLiked(picture);
}

function add(weight) {
  if (!whenAdded) return;
  const picture = current;
  dialog.close();
  whenAdded(picture, weight);
}

function fitOrActual() {
  if (zoom.isZoomed()) zoom.reset();
  else zoom.actual();
}

const moveOr = (across, down, otherwise) => () => {
  if (!zoom.isZoomed()) return otherwise();
  zoom.pan(across * PART, down * PART);
  return true;
};

// What returns false leaves the key to the browser.
const KEYS = {
  ArrowLeft: moveOr(1, 0, () => step(-rightwards())),
  ArrowRight: moveOr(-1, 0, () => step(rightwards())),
  ArrowUp: moveOr(0, 1, () => false),
  ArrowDown: moveOr(0, -1, () => false),
  PageUp: () => step(-1),
  PageDown: () => step(1),
  Home: () => show(0),
  End: () => show(pictures.length - 1),
  "+": () => zoom.by(STEP),
  "=": () => zoom.by(STEP),
  "-": () => zoom.by(1 / STEP),
  0: () => zoom.reset(),
  1: () => zoom.actual(),
  c: () => compare.next(),
  b: () => compare.blink(),
  m: () => current && like(),
  l: () => current && add(LIKE),
  u: () => current && add(UNLIKE),
};
const FOR_CHOICES = /^(Arrow|Page|Home|End)/; // keys that radio buttons and sliders want

function pressed(event) {
  if (!dialog.open || event.ctrlKey || event.metaKey || event.altKey) return;
  const { target, key } = event;
  if (target.matches("input, select, textarea")) {
    if (!["radio", "range"].includes(target.type) || FOR_CHOICES.test(key)) return;
  }
  const name = key.length === 1 ? key.toLowerCase() : key;
  if (!Object.hasOwn(KEYS, name) || KEYS[name]() === false) return;
  event.preventDefault();
}

byId("viewer-previous").addEventListener("click", () => step(-1));
byId("viewer-next").addEventListener("click", () => step(1));
byId("viewer-close").addEventListener("click", () => dialog.close());
byId("viewer-copy").addEventListener("click", (event) => {
  copy(current.path, event.currentTarget);
});
byId("viewer-reveal").addEventListener("click", reveal);
byId("viewer-like").addEventListener("click", like);
byId("viewer-add").addEventListener("click", () => add(LIKE));
byId("viewer-avoid").addEventListener("click", () => add(UNLIKE));
byId("viewer-smaller").addEventListener("click", () => zoom.by(1 / STEP));
byId("viewer-larger").addEventListener("click", () => zoom.by(STEP));
byId("viewer-scale").addEventListener("click", fitOrActual);
dialog.addEventListener("click", (event) => {
  if (event.target.matches(".stage, .sheet") && !zoom.isZoomed()) dialog.close();
});
dialog.addEventListener("close", () => {
  asking?.abort();
  current = null;
  tell(null);
  renditions.end();
  compare.end();
  known.clear();
  whenClosed(at);
});
// Not on the dialog: a button that has the focus and is switched off hands its keys to nobody.
document.addEventListener("keydown", pressed);
compare.listen(() => zoom.reset());
listenForFacts();
