// A result and the picture that was asked with → the result alone, both side by side, or the one
// laid over the other.

import * as api from "./api.js";
import { byId, element } from "./dom.js";
import { renditionsIn } from "./rendition.js";

const stage = byId("viewer-stage");
const choice = byId("viewer-compare");
const blend = byId("viewer-blend");
const picture = element("img", { id: "viewer-asked-image", draggable: false });
const box = element("div", { className: "asked-box", hidden: true });
const asked = element("div", { className: "asked" }, picture, box);
const renditions = renditionsIn(picture);

let query = null;
let fetching = null;
let whenChanged = () => {};

export const mode = () => stage.dataset.compare;

// `changed()` is called when another way to compare was chosen.
export function listen(changed) {
  whenChanged = changed;
  choice.addEventListener("change", (event) => choose(event.target.value));
  blend.addEventListener("input", showBlend);
  picture.addEventListener("load", () => ratio(picture.naturalWidth, picture.naturalHeight));
  picture.addEventListener("error", () => showWhether(!picture.hasAttribute("src")));
  picture.addEventListener("load", () => showWhether(true));
}

// `wanted` is an example as `examplesOf` gives it, null where nothing was asked with. The way to
// compare stays as it was chosen.
export function begin(wanted) {
  fetching?.abort();
  query = wanted;
  asked.hidden = false;
  choice.hidden = query === null;
  if (query === null) {
    arrange("one");
    return;
  }
  picture.alt = `The query: ${query.name}`;
  byId("viewer-asked-name").textContent = query.name;
  box.hidden = !query.box;
  if (query.box) {
    const [left, top, width, height] = query.box.map((part) => `${part * 100}%`);
    Object.assign(box.style, { left, top, width, height });
  }
  if (query.known) ratio(query.known.width, query.known.height);
  choose(choice.querySelector(":checked").value);
}

export function end() {
  fetching?.abort();
  query = null;
  renditions.end();
  arrange("one");
}

// The next of the ways to compare, or the first after the last.
export function next() {
  if (choice.hidden) return;
  const inputs = [...choice.querySelectorAll("input")];
  const following = inputs[(inputs.findIndex((one) => one.checked) + 1) % inputs.length];
  following.checked = true;
  choose(following.value);
}

// What lies above, gone or back: differences jump out.
export function blink() {
  if (mode() !== "over") return;
  blend.value = Number(blend.value) > 50 ? 0 : 100;
  showBlend();
}

export function sharpen(scale) {
  if (mode() !== "one") renditions.sharpen(asked.offsetWidth * scale * devicePixelRatio);
}

function choose(way) {
  arrange(way);
  if (way !== "one") bring();
  whenChanged();
}

function arrange(way) {
  stage.dataset.compare = way;
  byId("viewer-pane-asked").hidden = way !== "beside";
  byId("viewer-blend-label").hidden = way !== "over";
  if (way === "beside") byId("viewer-sheet-asked").append(asked);
  else if (way === "over") byId("viewer-frame").append(asked);
  else asked.remove();
  showWhether(!asked.hidden);
  showBlend();
}

function showBlend() {
  asked.style.opacity = mode() === "over" ? blend.value / 100 : 1;
}

function ratio(width, height) {
  if (width && height) asked.style.setProperty("--asked-ratio", width / height);
}

function showWhether(it) {
  asked.hidden = !it;
  byId("viewer-asked-broken").hidden = it || mode() === "one";
}

async function bring() {
  if (picture.getAttribute("src") && fetching?.of === query) return;
  fetching?.abort();
  fetching = Object.assign(new AbortController(), { of: query });
  const { signal } = fetching;
  renditions.begin(query.address);
  if (!query.known) return;
  try {
    const details = await api.details(query.known.id, signal);
    await renditions.enlarge(details);
  } catch (error) {
    // Its thumbnail is there, or its error has told.
    if (!signal.aborted) console.info("The query stays small:", error);
  }
}
