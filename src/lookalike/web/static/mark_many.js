// The numbers of chosen pictures → all of them favourites or none, tags on all of them or on none.

import * as api from "./api.js";
import { chip } from "./chips.js";
import { announce, byId, calm, complain } from "./dom.js";
import { offerTags } from "./tags.js";
import { count, pictures, printable } from "./text.js";

const PIECE = 2000; // pictures that are named at once: the call takes 5,000, and 64 kB

const menu = byId("selection-tag");
const input = byId("selection-tag-new");

let chosen = () => [];
let common = []; // the tags that all of them have
let last = Promise.resolve();

// `ids()` gives the numbers of the pictures that are to be marked.
export function listenForMarks(ids) {
  chosen = ids;
}

// One after the other: what is asked for last is what holds. True once it is done.
function inTurn(act) {
  calm();
  const ids = chosen();
  last = last.then(() => act(ids)).then(() => true, (error) => {
    show("");
    complain(error.message);
    return false;
  });
  return last;
}

// What the pictures are marked with afterwards, in their order; without fields, nothing changes.
// Everything on the page that shows them is told of a change by the event `marked`.
async function mark(ids, fields) {
  const after = [];
  for (let from = 0; from < ids.length; from += PIECE) {
    const { images } = await api.mark(ids.slice(from, from + PIECE), fields).catch((error) => {
      if (!fields || !after.length) throw error;
      const done = `${count(after.length)} of ${pictures(ids.length)} are done.`;
      throw new Error(`${error.message} ${done}`, { cause: error });
    });
    if (fields) document.dispatchEvent(new CustomEvent("marked", { detail: images }));
    after.push(...images);
    if (ids.length > PIECE) show(`${fields ? "Marked" : "Looked at"} ${count(after.length)} of ${pictures(ids.length)}`);
  }
  return after;
}

const favour = () => inTurn(async (ids) => {
  const favourite = !(await mark(ids)).every((one) => one.favourite);
  await mark(ids, { favourite });
  const words = ids.length === 1
    ? `is ${favourite ? "a favourite" : "no favourite any more"}`
    : `are ${favourite ? "favourites" : "no favourites any more"}`;
  said(`${pictures(ids.length)} ${words}.`);
});

const put = (tag) => inTurn(async (ids) => {
  showTags(await mark(ids, { add: [tag] }));
  said(`${pictures(ids.length)} tagged ${printable(tag)}.`);
});

async function take(tag) {
  await inTurn(async (ids) => {
    showTags(await mark(ids, { remove: [tag] }));
    said(`${pictures(ids.length)} not tagged ${printable(tag)} any more.`);
  });
  input.focus();
}

function showTags([first, ...others]) {
  const each = others.map(({ tags }) => new Set(tags));
  common = first.tags.filter((tag) => each.every((tags) => tags.has(tag)));
  byId("selection-tags").replaceChildren(...common.map((tag) => (
    chip(tag, `Remove the tag ${tag} from all of them`, () => take(tag))
  )));
}

function said(sentence) {
  announce(sentence);
  show(sentence);
}

function show(words) {
  byId("selection-said").textContent = words;
}

const offer = () => offerTags(byId("selection-tags-offered"), common);

// ---- listening

byId("selection-favourite").addEventListener("click", favour);
menu.addEventListener("toggle", async () => {
  if (!menu.open) return;
  input.value = "";
  byId("selection-tags").replaceChildren();
  input.focus();
  await inTurn(async (ids) => showTags(await mark(ids)));
  offer();
});
byId("selection-tag-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const tag = input.value.trim();
  if (!tag || !(await put(tag))) return;
  if (input.value.trim() === tag) input.value = "";
  offer();
});
// What is written is no command to the page; Escape empties the line before it closes the menu.
input.addEventListener("keydown", (event) => {
  event.stopPropagation();
  if (event.key !== "Escape") return;
  event.preventDefault();
  if (input.value) {
    input.value = "";
  } else {
    menu.querySelector("summary").focus();
    menu.open = false;
  }
});
