// What a person tells apart → a view that is learned by the server, and one that is forgotten.

import * as api from "./api.js";
import { announce, byId, element, icon } from "./dom.js";
import { count, printable } from "./text.js";
import { showButton } from "./liked.js";
import { likedOf, refreshViews } from "./way.js";

const menu = byId("learn");
const form = byId("learn-form");
const source = byId("learn-source");
const name = byId("learn-name");
const said = byId("learn-said");
const list = byId("learn-views");
const button = byId("learn-button");

let query = null;
let use = () => {};

// `take(way)` is called to compare in a view that has just been learned.
export function listenForLearning(take) {
  use = take;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    learn();
  });
  menu.addEventListener("toggle", async () => {
    if (menu.open) showViews(await refreshViews());
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    event.stopPropagation();
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  document.addEventListener("pointerdown", (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
}

// The examples of a query can be learned from where two of them are liked and all are the library's.
export function showLearning(now) {
  query = now;
  const able = liked().length > 1 && query.examples.every(({ id }) => id !== null);
  const [examples] = source.options;
  examples.disabled = !able;
  if (!able && examples.selected) source.selectedIndex = 1;
}

const liked = () => query.examples.filter(({ weight }) => weight > 0).map(({ id }) => id);
const unliked = () => query.examples.filter(({ weight }) => weight < 0).map(({ id }) => id);

async function learn() {
  const wanted = name.value.trim();
  said.textContent = wanted ? "Learning …" : "Give it a name.";
  if (!wanted) return;
  button.disabled = true;
  try {
    const from = source.value === "examples" ? { liked: liked(), unliked: unliked() } : { from: source.value };
    const learned = await api.learn(wanted, from);
    await refreshViews();
    said.textContent = "";
    name.value = "";
    menu.open = false;
    announce(`Learned ${printable(learned.name)} from ${count(learned.pictures)} pictures.`);
    if (query.examples.length || likedOf([learned]).length) use({ view: learned.name });
  } catch (error) {
    said.textContent = error.message;
  } finally {
    button.disabled = false;
  }
}

function showViews(views) {
  list.replaceChildren(...views.map(row));
}

function row(view) {
  const words = element("span", { className: "words" },
    element("strong", { textContent: printable(view.name) }),
    element("span", { className: "quiet", textContent: worth(view) }));
  // what took as long as indexing is not forgotten by one click: the command does that
  const acts = view.kind === "parts" ? [] : [forgetting(view)];
  return element("li", {}, words, ...showing(view), ...acts);
}

// Only what was learned from what is liked can be asked alone.
function showing(view) {
  const shows = likedOf([view]).map(() => showButton(view.name, "Show what I like"));
  for (const one of shows) one.addEventListener("click", () => { menu.open = false; });
  return shows;
}

function forgetting(view) {
  const forget = element("button", { type: "button", className: "round", title: "Forget it" }, icon("close"));
  forget.setAttribute("aria-label", `Forget the view ${printable(view.name)}`);
  forget.addEventListener("click", async () => {
    try {
      await api.forgetView(view.name);
      showViews(await refreshViews());
      name.focus();
    } catch (error) {
      said.textContent = error.message;
    }
  });
  return forget;
}

function worth({ kind, pictures, classes, before, after }) {
  if (kind === "parts") return "finds things within pictures, and frames them";
  if (kind === "liked") return `from ${count(pictures)} pictures; tells ${Math.round(100 * after)} of 100 apart`;
  return `${count(classes)} kinds; finds held-out pictures at ${after.toFixed(2)} instead of ${before.toFixed(2)} (mAP)`;
}
