// How the scores of all answers lie → a drawing of them, the best first, with what is on the screen
// marked; it leads to any score.

import { byId } from "./dom.js";
import { closeness, count, pictures } from "./text.js";

const HIGH = 100;
const SVG = "http://www.w3.org/2000/svg";

const figure = byId("spread");
const slider = byId("spread-at");
let bins = []; // { best, least, number, before }: scores, how many there are, how many are better
let at = 0;
let chosen = null; // the picture that was led to, as long as it is on the screen

// `lead(index)` is called with the first picture of the score that a person has chosen.
export function showSpread({ distribution, total }, lead) {
  bins = binsOf(distribution);
  chosen = null;
  figure.hidden = bins.length < 2;
  if (figure.hidden) return;
  draw();
  slider.max = bins.length - 1;
  slider.oninput = () => lead(choose());
  byId("spread-best").textContent = bins[0].best.toFixed(2);
  byId("spread-least").textContent = bins.at(-1).least.toFixed(2);
  byId("spread-words").textContent = inWords(total);
}

// What is on the screen: the places of the first and the last picture, and the pictures themselves
// where they are at hand.
export function markSpread(first, last, list) {
  if (figure.hidden) return;
  const [from, to] = [binOf(first), binOf(last)];
  const mark = byId("spread-mark");
  mark.style.insetInlineStart = `${(from / bins.length) * 100}%`;
  mark.style.width = `${((to + 1 - from) / bins.length) * 100}%`;
  const [best, least] = [list[first]?.score ?? bins[from].best, list[last]?.score ?? bins[to].least];
  const places = `${count(first + 1)} to ${count(last + 1)} of ${count(list.length)}`;
  byId("spread-now").textContent = `${places}, score ${closeness(best)} to ${closeness(least)}`;
  if (chosen < first || chosen > last) chosen = null;
  if (chosen === null) point(from, best, first);
}

function point(bin, score, index) {
  slider.value = at = bin;
  const place = `picture ${count(index + 1)}`;
  slider.setAttribute("aria-valuetext", `From score ${closeness(score)} on: ${place}`);
}

// From the best to the least score that there is.
function binsOf({ low, high, counts }) {
  const wide = (high - low) / counts.length;
  const edge = (number) => Math.round((low + number * wide) * 1e6) / 1e6;
  const used = counts.map((_, number) => number).filter((number) => counts[number] > 0);
  const found = [];
  let before = 0;
  for (let number = used.at(-1); number >= used[0]; number -= 1) {
    found.push({ best: edge(number + 1), least: edge(number), number: counts[number], before });
    before += counts[number];
  }
  return found;
}

const binOf = (index) => Math.max(0, bins.findLastIndex(({ before, number }) => number && before <= index));

// Heights grow with the logarithm: a few that are alike must be seen beside thousands that are not.
function draw() {
  const most = Math.log1p(Math.max(...bins.map(({ number }) => number)));
  const steps = bins.map(({ number }, place) => {
    const top = HIGH * (1 - Math.log1p(number) / most);
    return `V${top.toFixed(1)}H${place + 1}`;
  });
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", `M0 ${HIGH}${steps.join("")}V${HIGH}Z`);
  byId("spread-drawing").setAttribute("viewBox", `0 0 ${bins.length} ${HIGH}`);
  byId("spread-drawing").replaceChildren(path);
}

function inWords(total) {
  const from = (score) => bins.filter(({ least }) => least >= score)
    .reduce((sum, { number }) => sum + number, 0);
  const steps = [0.9, 0.8, 0.7, 0.6, 0.5].map((score) => `${count(from(score))} score ${score} or more`);
  return `Of ${pictures(total)}, ${steps.join(", ")}.`;
}

// The first picture of the score that was chosen. Scores that no picture has are passed over, in the
// direction of the change.
function choose() {
  let bin = Number(slider.value);
  const step = bin < at ? -1 : 1;
  while (!bins[bin].number) bin += step;
  chosen = bins[bin].before;
  point(bin, bins[bin].best, chosen);
  return chosen;
}
