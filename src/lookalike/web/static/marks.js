// A picture in the large view → a star and its tags, to be changed; a tile → a star if it has one.

import * as api from "./api.js";
import { chip } from "./chips.js";
import { recount } from "./choices.js";
import { announce, byId, complain, element, icon } from "./dom.js";
import { offerTags } from "./tags.js";
import { nameOf, printable } from "./text.js";

const dialog = byId("viewer");
const input = byId("marks-new");

// What was told of pictures after the answers that they are shown from: marks by id.
const known = new Map();
const told = new Map(); // the details that the large view keeps, which have to stay true
const pictures = new WeakMap(); // of the tiles
let at = null; // the picture in the large view
let last = Promise.resolve();

const marksOf = (picture) => known.get(picture.id) ?? picture;

// Gives a tile its star; F on it takes that off or puts it on.
export function marked(tile, picture) {
  pictures.set(tile, picture);
  showStar(tile, picture);
  return tile;
}

// Another picture is large, or its details have come; with a null picture, none is large any more.
function show({ picture, details }) {
  if (at?.id !== picture?.id) input.value = "";
  at = picture;
  said("");
  if (!picture) return;
  if (details) {
    known.set(picture.id, { favourite: details.favourite, tags: details.tags });
    told.set(picture.id, details);
  }
  draw();
}

function showStar(tile, picture) {
  const open = tile.querySelector(".open");
  open.dataset.label ??= open.getAttribute("aria-label");
  open.querySelector(".star")?.remove();
  const { favourite } = marksOf(picture);
  open.setAttribute("aria-label", favourite ? `${open.dataset.label}, favourite` : open.dataset.label);
  if (favourite) open.append(element("span", { className: "star" }, icon("star")));
}

function draw() {
  const { favourite, tags } = marksOf(at);
  byId("marks").hidden = tags === undefined; // not told yet
  byId("marks-favourite").setAttribute("aria-pressed", Boolean(favourite));
  byId("marks-tags").replaceChildren(...(tags ?? []).map((tag) => (
    chip(tag, `Remove the tag ${tag}`, () => take(tag))
  )));
}

// What pictures are marked with now, whoever has asked.
function learn(images) {
  for (const after of images) {
    known.set(after.id, after);
    Object.assign(told.get(after.id) ?? {}, after);
  }
  for (const tile of document.querySelectorAll(".tile")) {
    if (pictures.has(tile)) showStar(tile, pictures.get(tile));
  }
  if (at) draw();
  recount();
}

// ---- changes, one after the other: the answer to the last is what holds

function change(picture, fieldsOf, sentence) {
  last = last.then(async () => {
    const fields = fieldsOf(marksOf(picture));
    try {
      const { images: [after] } = await api.mark([picture.id], fields);
      learn([after]);
    } catch (error) {
      said("", error.message);
      return false;
    }
    said(sentence(fields));
    return true;
  });
  return last;
}

const favour = (picture) => change(
  picture,
  ({ favourite }) => ({ favourite: !favourite }),
  ({ favourite }) => `${nameOf(picture)} is ${favourite ? "a favourite" : "no favourite any more"}.`,
);

const put = (tag) => change(at, () => ({ add: [tag] }), () => `Tagged ${printable(tag)}.`);

async function take(tag) {
  await change(at, () => ({ remove: [tag] }), () => `Not tagged ${printable(tag)} any more.`);
  input.focus();
}

// The page behind the large view can neither be seen nor heard.
function said(sentence, trouble = "") {
  byId("marks-said").textContent = sentence;
  byId("marks-trouble").textContent = trouble;
  byId("marks-trouble").hidden = !trouble;
  if (dialog.open) return;
  if (trouble) complain(trouble);
  else if (sentence) announce(sentence);
}

const offer = () => offerTags(byId("marks-offered"), marksOf(at).tags);

// ---- listening

dialog.addEventListener("viewer-picture", ({ detail }) => show(detail));
document.addEventListener("marked", ({ detail }) => learn(detail));
byId("marks-favourite").addEventListener("click", () => favour(at));
input.addEventListener("focus", offer);
byId("marks-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const tag = input.value.trim();
  if (!tag) return;
  const picture = at;
  if (await put(tag) && at === picture) {
    input.value = "";
    offer();
  }
});
// What is written is no command to the page.
input.addEventListener("keydown", (event) => {
  event.stopPropagation();
  if (event.key === "Escape" && input.value) {
    event.preventDefault();
    input.value = "";
  }
  const tags = marksOf(at).tags ?? [];
  if (event.key === "Backspace" && !input.value && tags.length && !event.repeat) take(tags.at(-1));
});
document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "f" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, select, textarea")) return;
  const picture = dialog.open ? at : pictures.get(event.target.closest(".tile"));
  if (!picture) return;
  event.preventDefault();
  favour(picture);
});
