// Pictures → rows of equal height in #grid, walked with the arrow keys.

import { byId, element, icon } from "./dom.js";
import { marked } from "./marks.js";
import { LIKE, UNLIKE } from "./query.js";
import { closeness, nameOf } from "./text.js";

const NARROWEST = 0.5;
const WIDEST = 2.6;
export const ADDS = { "+": LIKE, "-": UNLIKE };

// `open(index)`, `like(picture)` and `add(picture, weight)` are called for the pictures shown;
// without `open` a click is "more like this", without `add` none can be added.
export function fill(pictures, { open = null, like, add = null }) {
  const grid = byId("grid");
  grid.replaceChildren(...pictures.map((picture, index) => tile(picture, index, open, like, add)));
  focusable(grid.firstElementChild);
}

export function focusTile(index) {
  const found = byId("grid").children[index];
  focusable(found);
  found?.querySelector(".open").focus();
}

function tile(picture, index, open, like, add) {
  const name = nameOf(picture);
  const item = element("li", { className: "tile" });
  item.style.setProperty("--ratio", ratio(picture));
  const main = element("button", { type: "button", className: "open", tabIndex: -1 });
  main.append(photograph(picture, name, index));
  main.addEventListener("click", () => (open ? open(index) : like(picture)));
  item.append(main);
  item.dataset.id = picture.id;
  item.addEventListener("keydown", (event) => {
    if (modified(event)) return;
    if (event.key.toLowerCase() === "m") like(picture);
    else if (add && event.key in ADDS) add(picture, ADDS[event.key]);
  });
  if (open) item.append(likeButton(picture, name, like));
  if (add) item.append(addButtons(picture, name, add));
  if ("score" in picture) {
    main.setAttribute("aria-label", `${name}, score ${closeness(picture.score)}, ` +
      `distance ${closeness(picture.distance)}`);
    item.append(caption(picture));
  } else {
    main.setAttribute("aria-label", `Pictures like ${name}`);
  }
  main.title = name;
  return marked(item, picture);
}

function ratio({ width, height }) {
  if (!width || !height) return 1;
  return Math.min(WIDEST, Math.max(NARROWEST, width / height));
}

function photograph(picture, name, index) {
  const image = element("img", {
    alt: "",
    draggable: false,
    decoding: "async",
    loading: index < 12 ? "eager" : "lazy",
  });
  image.addEventListener("error", () => {
    image.replaceWith(element("span", { className: "missing", textContent: name }));
  });
  image.src = picture.thumbnail;
  return image;
}

function likeButton(picture, name, like) {
  const button = element(
    "button",
    { type: "button", className: "like", tabIndex: -1, title: "More like this" },
    icon("similar"),
    element("span", { textContent: "More like this" }),
  );
  button.setAttribute("aria-label", `More like ${name}`);
  button.addEventListener("click", () => like(picture));
  return button;
}

function addButtons(picture, name, add) {
  const one = (weight, title, label) => {
    const button = element(
      "button",
      { type: "button", className: "add", tabIndex: -1, title },
      icon(weight > 0 ? "plus" : "minus"),
    );
    button.setAttribute("aria-label", label);
    button.addEventListener("click", () => add(picture, weight));
    return button;
  };
  return element("div", { className: "adds" },
    one(LIKE, "Like this, too (+)", `Search for pictures like ${name}, too`),
    one(UNLIKE, "Not like this (-)", `Search for pictures unlike ${name}`));
}

function caption(picture) {
  const score = element("span", { className: "score", textContent: closeness(picture.score) });
  score.title = "Score: the cosine, 1 is the same";
  const distance = element("span", {
    className: "distance",
    textContent: closeness(picture.distance),
  });
  distance.title = "Distance: L2, 0 is the same";
  return element("div", { className: "caption" }, score, distance);
}

// One tile at a time can be reached with Tab; the arrows choose which.
function focusable(item) {
  for (const button of byId("grid").querySelectorAll("button")) button.tabIndex = -1;
  for (const button of item?.querySelectorAll("button") ?? []) button.tabIndex = 0;
}

const modified = (event) => event.ctrlKey || event.metaKey || event.altKey;

function neighbour(items, from, key) {
  switch (key) {
    case "ArrowLeft": return from - 1;
    case "ArrowRight": return from + 1;
    case "Home": return 0;
    case "End": return items.length - 1;
    case "ArrowUp": return inRow(items, from, -1);
    case "ArrowDown": return inRow(items, from, 1);
    default: return null;
  }
}

// The tile of the row above (-1) or below (1) whose middle is nearest.
function inRow(items, from, direction) {
  const boxes = items.map((item) => item.getBoundingClientRect());
  const here = boxes[from];
  const beyond = boxes.filter((box) => direction * (box.top - here.top) > 1);
  if (beyond.length === 0) return from;
  const top = direction * Math.min(...beyond.map((box) => direction * box.top));
  const middle = (box) => box.left + box.width / 2;
  let best = from;
  let nearest = Infinity;
  boxes.forEach((box, index) => {
    const away = Math.abs(middle(box) - middle(here));
    if (Math.abs(box.top - top) < 1 && away < nearest) [best, nearest] = [index, away];
  });
  return best;
}

byId("grid").addEventListener("keydown", (event) => {
  const items = [...event.currentTarget.children];
  const from = items.indexOf(event.target.closest(".tile"));
  if (from < 0 || modified(event)) return;
  const to = neighbour(items, from, event.key);
  if (to === null) return;
  event.preventDefault();
  if (to >= 0 && to < items.length) focusTile(to);
});

byId("grid").addEventListener("focusin", (event) => {
  const item = event.target.closest(".tile");
  if (item) focusable(item);
});

// Where nothing in particular has the focus, an arrow steps into the pictures. Up and down keep
// scrolling the page there, unless the focus has just been put before the results.
document.addEventListener("keydown", (event) => {
  const from = event.target;
  const before = from.id === "results";
  const steps = before ? ["ArrowRight", "ArrowDown"] : ["ArrowRight"];
  if (event.defaultPrevented || modified(event) || !steps.includes(event.key)) return;
  if (!(before || from === document.body) || document.querySelector("dialog[open]")) return;
  if (byId("grid").childElementCount === 0) return;
  event.preventDefault();
  focusTile(0);
});
