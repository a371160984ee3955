// What was asked with → the picture in its frame, the box on it, the list of all; their changes.

import { byId, element, icon } from "./dom.js";
import { changing, removing } from "./query.js";
import { regionOn } from "./region.js";
import { folderOf, nameOf, printable } from "./text.js";
import { showTray } from "./tray.js";
import { view } from "./viewer.js";

let region = null;
let framed = null;

export const regionShown = () => region;

// The examples as people see them, the one that stands large first.
export function examplesOf({ query, answer }) {
  return (answer.query.examples ?? []).map(({ picture, words }, index) => {
    const { upload, weight, box } = query.examples[index];
    if (words !== undefined) return { known: null, words, name: `“${words}”`, about: "", address: null, weight, box };
    const known = upload ? null : picture;
    return {
      known,
      words: null,
      name: known ? nameOf(known) : printable(picture.name),
      about: known ? folderOf(known) : "Not kept anywhere",
      address: known ? known.thumbnail : upload.address,
      weight,
      box,
    };
  });
}

// What was asked, for the title of the page; a view may be asked alone.
export function titleOf(examples, { view }) {
  const more = examples.length - 1;
  if (more < 0) return `By what I like: ${printable(view)}`;
  return `Like ${examples[0].name}${more ? ` and ${more} more` : ""}`;
}

const viewAlone = (view) => ({
  known: null,
  words: view,
  name: `What I like: ${printable(view)}`,
  about: "Learned from what was marked as liked",
  address: null,
  weight: 1,
  box: null,
});

// `like(picture)`; `adjust(change, settled)` for what is being dragged, and `ask(change)` for what
// is done at once, where change(query) is the query that is wanted now.
export function showAsked(examples, { view: alone }, { like, adjust, ask }) {
  const [first = viewAlone(alone)] = examples;
  byId("query-name").textContent = first.name;
  byId("query-about").textContent = first.about;
  const key = first.address ?? first.name;
  if (framed !== key) {
    framed = key;
    frame(first, like);
    region = first.words === null ? regionOn(byId("query-frame").firstElementChild, (box, settled) => {
      adjust((query) => changing(query, 0, { box }), settled);
    }) : null;
  }
  region?.show(first.box);
  showTray(examples, {
    weigh: (index, weight) => adjust((query) => changing(query, index, { weight }), true),
    remove: (index) => ask((query) => removing(query, index)),
  });
}

function frame({ known, words, name, address }, like) {
  if (words !== null) {
    byId("query-frame").replaceChildren(element("p", { className: "said", textContent: name }));
    byId("region-toggle").hidden = true;
    return;
  }
  const canvas = element("div", { className: "canvas", title: "Drag a box to search with a part of it" });
  const image = element("img", { alt: `The query: ${name}`, draggable: false });
  const shape = (width, height) => {
    if (width && height) canvas.style.setProperty("--ratio", width / height);
  };
  byId("region-toggle").hidden = false;
  image.addEventListener("load", () => shape(image.naturalWidth, image.naturalHeight));
  image.addEventListener("error", () => {
    canvas.replaceWith(placeholder(name));
    byId("region-toggle").hidden = true;
  });
  if (known) shape(known.width, known.height);
  image.src = address;
  canvas.append(known ? largeButton(known, image, like) : image);
  byId("query-frame").replaceChildren(canvas);
}

function largeButton(picture, image, like) {
  const button = element("button", { type: "button", className: "open-query" }, image);
  const closed = () => button.focus();
  button.title = "Open large; drag a box to search with a part of it";
  button.addEventListener("click", () => view([picture], 0, { closed, like }));
  return button;
}

function placeholder(name) {
  return element("div", { className: "placeholder" }, icon("picture"),
    element("span", { textContent: `${name} cannot be shown by this browser` }));
}
