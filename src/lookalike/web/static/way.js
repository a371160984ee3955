// How pictures are compared: in which view, and with how many neighbours ↔ the address of the page,
// what the search takes, and the choice above the answers.

import * as api from "./api.js";
import { byId, element } from "./dom.js";
import { printable } from "./text.js";

const AROUND = 10; // neighbours, where some are wanted
const NUMBER = /^([12]?\d|30)$/; // neighbours that a picture may have
const PARTS = "parts"; // the kind of view in which things are found within pictures
const LIKED = "liked"; // and of one that can be asked without a picture
const PLAIN = JSON.stringify({});

const choice = byId("way");

let known = []; // the names of all views
let shown = {};
let byView = false; // whether a view is asked alone, which only one that knows what is liked can be

// A way is { view, neighbours }, with what differs from comparing pictures as they look.
export function wayOf(params) {
  const way = {};
  if (params.get("view")) way.view = params.get("view");
  if (NUMBER.test(params.get("neighbours") ?? "")) way.neighbours = Number(params.get("neighbours"));
  if (!way.neighbours) delete way.neighbours;
  return way;
}

export const wayInAddress = (way) => (
  Object.entries(way).map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
);

// `change(way)` is called when a person chooses another one.
export function listenForWay(change) {
  choice.addEventListener("change", () => change(JSON.parse(choice.value)));
  refreshViews();
}

export function showWay(way, { alone }) {
  [shown, byView] = [way, alone];
  fill();
}

// Which views there are has changed.
export async function refreshViews() {
  try {
    known = (await api.views()).views;
  } catch (error) {
    console.info("The views are not known:", error); // a search that names one says what is wrong
  }
  fill();
  return known;
}

function fill() {
  const ways = byView ? [] : [["As they look", {}], ["With their neighbours", { neighbours: AROUND }]];
  for (const { name, kind } of byView ? likedOf(known) : known) {
    if (kind === PARTS) {
      ways.push(["As a part of them", { view: name }]);
      continue;
    }
    ways.push([printable(name), { view: name }]);
    ways.push([`${printable(name)}, with neighbours`, { view: name, neighbours: AROUND }]);
  }
  const now = JSON.stringify(shown);
  if (!ways.some(([, way]) => JSON.stringify(way) === now)) ways.push([inWords(shown), shown]);
  choice.replaceChildren(...ways.map(([words, way]) => (
    element("option", { value: JSON.stringify(way), textContent: words })
  )));
  choice.value = now;
}

export const likedOf = (views) => views.filter(({ kind }) => kind === LIKED);

// One that only an address names.
function inWords({ view, neighbours }) {
  const around = neighbours ? `with ${neighbours} neighbours` : "";
  return [view ? printable(view) : "", around].filter(Boolean).join(", ");
}

export const isPlain = (way) => JSON.stringify(way) === PLAIN;
