// A list of pictures and a place in it → the dialog that shows one large, with its details.

import * as api from "./api.js";
import { byId, copy, element } from "./dom.js";
import { ADDS } from "./grid.js";
import { LIKE, UNLIKE } from "./query.js";
import { bytes, closeness, count, moment, nameOf, place, printable } from "./text.js";

const dialog = byId("viewer");
const image = byId("viewer-image");

let pictures = [];
let at = 0;
let whenClosed = () => {};
let whenLiked = () => {};
let whenAdded = null;
let asking = null;

// `closed(index)` is called with the picture that was shown last, `like(picture)` when its
// "more like this" is chosen, `add(picture, weight)` when it is added to the query, if it can be.
export function view(list, index, { closed, like, add = null }) {
  [pictures, whenClosed, whenLiked, whenAdded] = [list, closed, like, add];
  byId("viewer-add").hidden = byId("viewer-avoid").hidden = !add;
  if (!dialog.open) dialog.showModal();
  show(index);
}

// Closes it because the page goes elsewhere: nothing is to be focused afterwards.
export function dismiss() {
  if (!dialog.open) return;
  whenClosed = () => {};
  dialog.close();
}

async function show(index) {
  at = index;
  const picture = pictures[at];
  asking?.abort();
  asking = new AbortController();
  const { signal } = asking;
  byId("viewer-name").textContent = nameOf(picture);
  byId("viewer-path").textContent = printable(picture.path);
  byId("viewer-previous").disabled = at === 0;
  byId("viewer-next").disabled = at === pictures.length - 1;
  if (document.activeElement?.disabled || !dialog.contains(document.activeElement)) {
    byId("viewer-close").focus();
  }
  byId("viewer-broken").hidden = true;
  image.hidden = false;
  image.src = picture.thumbnail;
  image.alt = nameOf(picture);
  fillFacts(picture, null);
  try {
    const details = await api.details(picture.id, signal);
    fillFacts(picture, details);
    byId("viewer-original").href = details.file;
    await enlarge(details.large, signal);
  } catch (error) {
    if (error.name !== "AbortError") missing(error.message);
  }
}

// The thumbnail stays until the large picture has arrived.
async function enlarge(address, signal) {
  const large = new Image();
  large.src = address;
  try {
    await large.decode();
  } catch {
    if (!signal.aborted) missing("This picture cannot be shown: its file is gone or has changed.");
    return;
  }
  if (!signal.aborted) image.src = address;
}

function missing(sentence) {
  byId("viewer-broken").textContent = sentence;
  byId("viewer-broken").hidden = false;
  image.hidden = true;
}

function fillFacts(picture, details) {
  const facts = [];
  if ("score" in picture) {
    facts.push(["Score", closeness(picture.score)], ["Distance", closeness(picture.distance)]);
  }
  if (picture.width && picture.height) {
    facts.push(["Dimensions", `${count(picture.width)} × ${count(picture.height)}`]);
  }
  if (details) facts.push(...more(details));
  byId("viewer-original").hidden = !details;
  byId("viewer-facts").replaceChildren(
    ...facts.flatMap(([term, value]) => [
      element("dt", { textContent: term }),
      element("dd", { textContent: value }),
    ]),
  );
}

function more(details) {
  const facts = [];
  if (details.size) facts.push(["Size", `${bytes(details.size)}, ${printable(details.format)}`]);
  if (details.taken) facts.push(["Taken", moment(details.taken)]);
  if (details.camera) facts.push(["Camera", printable(details.camera)]);
  if (details.latitude !== null && details.longitude !== null) {
    facts.push(["Place", place(details.latitude, details.longitude)]);
  }
  return facts;
}

function step(by) {
  if (at + by >= 0 && at + by < pictures.length) show(at + by);
}

byId("viewer-previous").addEventListener("click", () => step(-1));
byId("viewer-next").addEventListener("click", () => step(1));
byId("viewer-close").addEventListener("click", () => dialog.close());
byId("viewer-copy").addEventListener("click", (event) => {
  copy(pictures[at].path, event.currentTarget);
});
byId("viewer-like").addEventListener("click", like);
byId("viewer-add").addEventListener("click", () => add(LIKE));
byId("viewer-avoid").addEventListener("click", () => add(UNLIKE));
dialog.addEventListener("click", (event) => {
  if (event.target === byId("viewer-stage")) dialog.close();
});
dialog.addEventListener("close", () => {
  asking?.abort();
  image.removeAttribute("src");
  whenClosed(at);
});
// Not on the dialog: a button that has the focus and is switched off hands its keys to nobody.
document.addEventListener("keydown", (event) => {
  if (!dialog.open || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "ArrowLeft") step(-1);
  else if (event.key === "ArrowRight") step(1);
  else if (event.key === "Home") show(0);
  else if (event.key === "End") show(pictures.length - 1);
  else if (event.key.toLowerCase() === "m") like();
  else if (whenAdded && event.key in ADDS) add(ADDS[event.key]);
  else return;
  event.preventDefault();
});

function like() {
  const picture = pictures[at];
  dialog.close();
  whenLiked(picture);
}

function add(weight) {
  const picture = pictures[at];
  dialog.close();
  whenAdded(picture, weight);
}
