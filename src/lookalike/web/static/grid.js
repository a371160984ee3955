// Pictures → tiles in #grid, as many as the screen needs, walked with the arrow keys.

import { byId, element, icon } from "./dom.js";
import { theseOnly } from "./answers.js";
import { marked } from "./marks.js";
import { stack } from "./fold.js";
import { frameOn, whereIn } from "./found.js";
import { LIKE, UNLIKE } from "./query.js";
import { decorate, shows } from "./selection.js";
import { closeness, nameOf, percent } from "./text.js";
import { divide } from "./verdict.js";
import * as wall from "./wall.js";

const CAPTION = 30; // pixels, as in grid.css
export const ADDS = { "+": LIKE, "-": UNLIKE };

let going = null; // the picture that the keys are on their way to

// `pictures` is a list, or all answers as in answers.js. `open(index)`, `like(picture)` and
// `add(picture, weight)` are called for the pictures shown; without `open` a click is "more like
// this", without `add` none can be added, without `unfold(pictures, index)` copies are not told. A row should be `height` pixels high; `seen(first, last)`
// tells which are on the screen, `failed(error)` that some cannot be fetched.
export function fill(pictures, { open = null, like, add = null, unfold = null, height, seen = () => {}, failed }) {
  const all = Array.isArray(pictures) ? theseOnly(pictures) : pictures;
  going = null;
  wall.put(all, {
    height,
    under: "score" in (all.list[0] ?? {}) ? CAPTION : 0,
    make: (picture, index) => tile(picture, index, { open, like, add, unfold, before: all.list[index - 1] }),
    seen: (first, last) => {
      if (!byId("grid").querySelector('[tabindex="0"]')) focusable(wall.tileAt(first));
      seen(first, last);
    },
    failed,
  });
  shows(all.list, all.everything);
}

// `still`: wherever the screen is.
export async function focusTile(index, { still = false } = {}) {
  going = index;
  const found = await wall.reveal(index, { still });
  if (going !== index) return;
  going = null;
  focusable(found);
  found?.querySelector(".open").focus({ preventScroll: true });
}

function tile(picture, index, { open, like, add, unfold, before }) {
  const name = nameOf(picture);
  const item = element("li", { className: "tile" });
  const main = element("button", { type: "button", className: "open", tabIndex: -1 });
  main.append(photograph(picture, name));
  frameOn(main, picture);
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
  if (unfold) stack(item, picture, (some) => unfold(some, index));
  if ("score" in picture) {
    main.setAttribute("aria-label", `${name}, score ${closeness(picture.score)}, ` +
      `distance ${closeness(picture.distance)}${whereIn(picture)}` +
      `${picture.liked === undefined ? "" : `, liked ${percent(picture.liked)}`}`);
    item.append(caption(picture));
    divide(item, picture, before);
  } else {
    main.setAttribute("aria-label", open ? name : `Pictures like ${name}`);
  }
  main.title = name;
  decorate(item, picture);
  return marked(item, picture);
}

function photograph(picture, name) {
  const image = element("img", { alt: "", draggable: false, decoding: "async" });
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

// Only what was learned from what is liked, and asked alone, tells it.
function likely({ liked }) {
  if (liked === undefined) return [];
  const share = element("span", { className: "likely", textContent: percent(liked) });
  share.title = `How likely it is liked: ${percent(liked)}`;
  return [share];
}

function caption(picture) {
  const score = element("span", { className: "score", textContent: closeness(picture.score) });
  score.title = `Score: the cosine, 1 is the same. Verdict: ${picture.verdict}`;
  const distance = element("span", {
    className: "distance",
    textContent: closeness(picture.distance),
  });
  distance.title = "Distance: L2, 0 is the same";
  return element("div", { className: "caption" }, score, distance, ...likely(picture));
}

// One tile at a time can be reached with Tab; the arrows choose which.
function focusable(item) {
  for (const button of byId("grid").querySelectorAll("button")) button.tabIndex = -1;
  for (const button of item?.querySelectorAll("button") ?? []) button.tabIndex = 0;
}

const modified = (event) => event.ctrlKey || event.metaKey || event.altKey;

// Where a key leads from a picture, or null; to a row that is not in the page yet, too.
function neighbour(from, key) {
  const onwards = getComputedStyle(byId("grid")).direction === "rtl" ? -1 : 1;
  switch (key) {
    case "ArrowLeft": return from - onwards;
    case "ArrowRight": return from + onwards;
    case "Home": return 0;
    case "End": return wall.total() - 1;
    case "ArrowUp": return wall.beside(from, -1);
    case "ArrowDown": return wall.beside(from, 1);
    default: return null;
  }
}

byId("grid").addEventListener("keydown", async (event) => {
  const at = wall.indexOf(event.target);
  if (at === null || modified(event)) return;
  const to = neighbour(going ?? at, event.key);
  if (to === null) return;
  event.preventDefault();
  const index = await to;
  if (index >= 0 && index < wall.total()) focusTile(index);
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
  if (wall.total() === 0) return;
  event.preventDefault();
  focusTile(0);
});
