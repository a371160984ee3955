// A result and one of the pictures that were asked with → the result alone, both side by side, the
// one laid over the other, or both in one place, parted by a line that is drawn across.

import * as api from "./api.js";
import { byId, element } from "./dom.js";
import { count } from "./text.js";
import { renditionsIn } from "./rendition.js";

const GRIP = 32; // pixels, as in viewer.css

const stage = byId("viewer-stage");
const choice = byId("viewer-compare");
const blend = byId("viewer-blend");
const wipe = byId("viewer-wipe");
const which = byId("viewer-with");
const picture = element("img", { id: "viewer-asked-image", draggable: false });
const box = element("div", { className: "asked-box", hidden: true });
const asked = element("div", { className: "asked" }, picture, box);
const renditions = renditionsIn(picture);

let examples = [];
let query = null; // the one of them that is compared with
let fetching = null;
let whenChanged = () => {};

export const mode = () => stage.dataset.compare;

// `changed()` is called when another way to compare was chosen.
export function listen(changed) {
  whenChanged = changed;
  choice.addEventListener("change", (event) => choose(event.target.value));
  blend.addEventListener("input", showBlend);
  wipe.addEventListener("input", showWipe);
  which.addEventListener("change", () => {
    take(examples[which.value]);
    choose(mode());
  });
  picture.addEventListener("load", () => ratio(picture.naturalWidth, picture.naturalHeight));
  picture.addEventListener("error", () => showWhether(!picture.hasAttribute("src")));
  picture.addEventListener("load", () => showWhether(true));
}

// `wanted` are examples as `examplesOf` gives them, of which the first is compared with until another
// is chosen; none where nothing was asked with. The way to compare stays as it was chosen.
export function begin(wanted) {
  examples = wanted;
  which.replaceChildren(...examples.map(({ name, weight }, index) => element("option", {
    value: index, textContent: weight < 0 ? `${name} (unlike it)` : name,
  })));
  choice.hidden = examples.length === 0;
  take(examples[0] ?? null);
  if (query === null) arrange("one");
  else choose(choice.querySelector(":checked").value);
}

function take(wanted) {
  fetching?.abort();
  query = wanted;
  asked.hidden = false;
  if (query === null) return;
  picture.alt = `The query: ${query.name}`;
  byId("viewer-asked-name").textContent = query.name;
  box.hidden = !query.box;
  if (query.box) {
    const [left, top, width, height] = query.box.map((part) => `${part * 100}%`);
    Object.assign(box.style, { left, top, width, height });
  }
  if (query.known) ratio(query.known.width, query.known.height);
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
  const slider = { over: blend, wipe }[mode()];
  if (!slider) return;
  slider.value = Number(slider.value) > 50 ? 0 : 100;
  showBlend();
  showWipe();
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
  byId("viewer-pane-asked").hidden = !["beside", "wipe"].includes(way);
  byId("viewer-blend-label").hidden = way !== "over";
  byId("viewer-with-label").hidden = way === "one" || examples.length < 2;
  wipe.hidden = way !== "wipe";
  if (["beside", "wipe"].includes(way)) byId("viewer-sheet-asked").append(asked);
  else if (way === "over") byId("viewer-frame").append(asked);
  else asked.remove();
  showWhether(!asked.hidden);
  showBlend();
  showWipe();
}

// The line stays where it is on the screen, whatever is enlarged or moved below it. It is the middle
// of the grip, which does not leave the pane.
function showWipe() {
  const part = Number(wipe.value) / 100;
  const within = part > 0 && part < 1 ? `calc(${GRIP / 2}px + ${part} * (100% - ${GRIP}px))` : `${part * 100}%`;
  stage.style.setProperty("--wipe", within);
  wipe.setAttribute("aria-valuetext", `The query on the left ${count(Number(wipe.value))} %`);
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
