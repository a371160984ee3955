// The picture in the large view and what was asked with → how much each of their regions adds to
// the score, as colours over both. The server tells a number for each region, and lines show where
// regions meet: there is nothing finer to be seen.

import * as api from "./api.js";
import { byId, element, icon } from "./dom.js";
import { closeness, nameOf } from "./text.js";

// From nothing to the most, lighter all the way: dark blue, grey, yellow, and how far each covers
// the picture. Eyes that tell no red from green see the same.
const COLOURS = [[15, 25, 90, 0.7], [120, 130, 130, 0.55], [255, 225, 60, 0.5]];
const TAKEN = [215, 80, 20, 0.7];
const PLACES = [
  ["at the upper left", "at the top", "at the upper right"],
  ["on the left", "in the middle", "on the right"],
  ["at the lower left", "at the bottom", "at the lower right"],
];

const dialog = byId("viewer");

const pictures = element("div", { className: "why-pictures" });
const text = element("p", { className: "why-text" });
const bar = element("canvas", { className: "why-bar", width: 64, height: 1 });
const most = element("span");
const taken = element("span", { className: "why-taken", textContent: "takes from it" });
const regions = element("span");
const key = element("p", { className: "why-key" },
  element("span", { textContent: "A region adds 0" }), bar, most, taken, regions);
const pane = element("section", { className: "why", id: "why", hidden: true }, pictures, text, key);
const toggle = element("button", { type: "button", className: "button", id: "viewer-why", hidden: true },
  icon("why"), "Why");

let asked = null; // what the picture was found with: { query, examples }
let picture = null;
let asking = null;

pane.setAttribute("aria-label", "Why it is like the query");
text.setAttribute("role", "status");
bar.setAttribute("aria-hidden", "true");
toggle.title = "Which regions make it like the query (W)";
toggle.setAttribute("aria-pressed", "false");
byId("viewer-previous").before(pane);
byId("viewer-like").after(toggle);

dialog.addEventListener("viewer-picture", ({ detail }) => {
  if (detail.details) return; // more of the picture that is shown already
  ({ picture, asked } = detail);
  // words and views have no regions
  toggle.hidden = !picture || !asked?.examples.length || asked.examples.some(({ words }) => words !== null);
  if (toggle.hidden) turn(false);
  else if (!pane.hidden) show();
});

function turn(on) {
  asking?.abort();
  pane.hidden = !on;
  toggle.setAttribute("aria-pressed", String(on));
  dialog.classList.toggle("explaining", on);
  if (on) show();
}

async function show() {
  asking?.abort();
  asking = new AbortController();
  const { signal } = asking;
  const frames = [...asked.examples.map(frameOfExample), frame(nameOf(picture), picture)];
  pictures.replaceChildren(...frames.map(({ figure }) => figure));
  key.hidden = true;
  say("Comparing the regions …");
  try {
    const why = await api.explanation(picture.id, asked.query, signal);
    fill(frames, why);
  } catch (error) {
    if (error.name !== "AbortError") say(error.message);
  }
}

// To everybody, or only to those who cannot see the colours.
function say(sentence, seen = true) {
  text.textContent = sentence;
  text.classList.toggle("hidden", !seen);
}

function fill(frames, why) {
  const grids = [...why.query, why.picture];
  const shares = grids.flatMap((grid) => grid.shares.flat());
  const top = Math.max(...shares);
  frames.forEach(({ canvas, lines, caption }, index) => {
    paint(canvas, lines, grids[index], top || 1);
    caption.textContent += `: ${strongest(grids[index])}`;
  });
  paintRow(bar, Array.from({ length: bar.width }, (_, at) => at / (bar.width - 1)));
  most.textContent = `${closeness(top)} of the score ${closeness(why.score)}`;
  taken.hidden = Math.min(...shares) >= 0;
  const { shares: rows } = why.picture;
  regions.textContent = `${rows[0].length} × ${rows.length} regions`;
  key.hidden = false;
  const each = frames.map(({ caption }) => caption.textContent).join("; ");
  say(`Of the score ${closeness(why.score)}, ${each}.`, false);
}

// ---- a picture with its regions over it

function frameOfExample({ known, name, address, weight }) {
  const about = weight < 0 ? `Unlike ${name}` : name;
  return known ? frame(about, known) : frame(about, null, address);
}

function frame(name, known, address = known.thumbnail) {
  const image = element("img", { alt: "", draggable: false });
  const canvas = element("canvas", { className: "why-heat" });
  const lines = element("div", { className: "why-lines" });
  const box = element("div", { className: "why-picture" }, image, canvas, lines);
  const caption = element("figcaption", { textContent: name });
  const shape = (width, height) => {
    if (width && height) box.style.setProperty("--ratio", width / height);
  };
  image.addEventListener("load", () => shape(image.naturalWidth, image.naturalHeight));
  image.addEventListener("error", () => { image.hidden = true; });
  if (known) shape(known.width, known.height);
  image.src = address;
  canvas.hidden = lines.hidden = true;
  return { figure: element("figure", {}, box, caption), canvas, lines, caption };
}

// The canvas has a dot for each region; the browser lets their colours flow into each other.
function paint(canvas, lines, { shares, covers }, top) {
  Object.assign(canvas, { width: shares[0].length, height: shares.length, hidden: false });
  lines.hidden = false;
  const [left, upper, width, height] = covers.map((number) => `${number * 100}%`);
  for (const { style } of [canvas, lines]) Object.assign(style, { left, top: upper, width, height });
  lines.style.backgroundSize = `${100 / canvas.width}% ${100 / canvas.height}%`;
  paintRow(canvas, shares.flat().map((share) => share / top));
}

function paintRow(canvas, parts) {
  const drawing = canvas.getContext("2d");
  const dots = drawing.createImageData(canvas.width, canvas.height);
  parts.forEach((part, index) => dots.data.set(colour(part), index * 4));
  drawing.putImageData(dots, 0, 0);
}

function colour(part) {
  if (part < 0) return bytesOf(between(COLOURS[0], TAKEN, Math.min(1, -part)));
  const at = Math.min(1, part) * (COLOURS.length - 1);
  const lower = Math.min(Math.floor(at), COLOURS.length - 2);
  return bytesOf(between(COLOURS[lower], COLOURS[lower + 1], at - lower));
}

const between = (one, other, part) => one.map((number, at) => number + (other[at] - number) * part);

const bytesOf = ([red, green, blue, alpha]) => [red, green, blue, alpha * 255];

// Where most is added, or where most is taken by a picture that is not wanted.
function strongest({ shares, covers }) {
  const whole = covers[2] >= 1 && covers[3] >= 1;
  const part = whole ? "" : " of its part";
  if (shares.flat().reduce((sum, share) => sum + share, 0) >= 0) return `most ${place(shares)}${part}`;
  return `takes most ${place(shares.map((row) => row.map((share) => -share)))}${part}`;
}

// The ninth of a picture whose regions have most, each.
function place(shares) {
  const sums = PLACES.map((row) => row.map(() => [0, 0]));
  const third = (at, all) => Math.floor(((at + 0.5) / all) * 3);
  shares.forEach((row, down) => row.forEach((share, across) => {
    const sum = sums[third(down, shares.length)][third(across, row.length)];
    sum[0] += share;
    sum[1] += 1;
  }));
  const means = sums.map((row) => row.map(([sum, number]) => (number ? sum / number : -Infinity)));
  const best = Math.max(...means.flat());
  const down = means.findIndex((row) => row.includes(best));
  return PLACES[down][means[down].indexOf(best)];
}

toggle.addEventListener("click", () => turn(pane.hidden));
document.addEventListener("keydown", (event) => {
  if (!dialog.open || toggle.hidden || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key.toLowerCase() !== "w" || event.target.closest("input, select, textarea")) return;
  event.preventDefault();
  turn(pane.hidden);
});
