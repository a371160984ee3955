// The page: where it is (start, like a picture, like an upload), and how it gets there and back.

import * as api from "./api.js";
import { listen } from "./chooser.js";
import { announce, byId, calm, complain, copy, element, icon } from "./dom.js";
import { fill, focusTile } from "./grid.js";
import { watch } from "./status.js";
import { bytes, closeness, count, folderOf, nameOf, pictures, printable } from "./text.js";
import { dismiss, view } from "./viewer.js";

const SAMPLE = 24;

// What each entry of the browser's history shows. An upload cannot live in an address, so it lives
// here for as long as the page is open.
const places = new Map();
let here = null;
let stats = null;
let asking = null;

const newKey = () => `${Date.now()}-${places.size}`;

function likeInAddress() {
  const id = new URLSearchParams(location.search).get("like");
  return id !== null && /^\d{1,18}$/.test(id) ? Number(id) : null;
}

// ---- going somewhere

async function seek(ask) {
  asking?.abort();
  asking = new AbortController();
  calm();
  byId("grid").setAttribute("aria-busy", "true");
  const { signal } = asking;
  try {
    const answer = await ask(signal);
    return signal.aborted ? null : answer;
  } catch (error) {
    if (error.name !== "AbortError") complain(error.message);
    return null;
  } finally {
    if (!signal.aborted) byId("grid").removeAttribute("aria-busy");
  }
}

function go(place, address) {
  const key = newKey();
  places.set(key, place);
  history.pushState({ key }, "", address);
  show(place);
  window.scrollTo({ top: 0 });
  byId("results").focus({ preventScroll: true });
}

async function searchLike(picture) {
  dismiss();
  const answer = await seek((signal) => api.searchLike(picture.id, signal));
  if (answer) go({ kind: "like", answer }, `?like=${picture.id}`);
}

async function searchUpload(file) {
  dismiss();
  const limit = Number(document.body.dataset.maxUpload);
  if (file.size > limit) {
    complain(`${printable(file.name)} has ${bytes(file.size)}; the limit is ${bytes(limit)}.`);
    return;
  }
  announce("Looking for pictures like it.");
  const answer = await seek((signal) => api.searchUpload(file, signal));
  if (answer) {
    go({ kind: "upload", answer, file, address: URL.createObjectURL(file) }, location.pathname);
  }
}

async function start() {
  const answer = await seek((signal) => api.sample(SAMPLE, signal));
  return { kind: "start", images: answer?.images ?? [] };
}

async function arrive(key) {
  const id = likeInAddress();
  let place = null;
  if (id !== null) {
    const answer = await seek((signal) => api.searchLike(id, signal));
    if (answer) place = { kind: "like", answer };
    else if (!byId("notice").hidden) history.replaceState({ key }, "", location.pathname);
  }
  const complaint = byId("notice").hidden ? null : byId("notice-text").textContent;
  place ??= await start();
  if (complaint) complain(complaint);
  places.set(key, place);
  show(place);
}

window.addEventListener("popstate", (event) => {
  asking?.abort();
  byId("grid").removeAttribute("aria-busy");
  dismiss();
  calm();
  const key = event.state?.key ?? newKey();
  if (places.has(key)) show(places.get(key));
  else arrive(key);
});

// ---- showing it

function show(place) {
  here = place;
  const result = place.kind !== "start";
  document.body.dataset.view = result ? "result" : "start";
  byId("query").hidden = !result;
  if (result) showResult(place);
  else showStart(place);
  showSteps();
}

function showStart({ images }) {
  document.title = "Lookalike";
  byId("results-title").textContent = images.length ? "Or begin with one of yours" : "";
  byId("results-about").textContent = "";
  byId("others").hidden = images.length < SAMPLE;
  fill(images, { like: searchLike });
}

function showResult(place) {
  const { hits, hint } = place.answer;
  const name = showQuery(place);
  document.title = `Like ${name} · Lookalike`;
  byId("others").hidden = true;
  byId("results-title").textContent = hits.length
    ? `The ${hits.length === 1 ? "closest picture" : `${count(hits.length)} closest`}`
    : "No pictures to compare with";
  byId("results-about").textContent = hits.length ? "score (cosine) and distance (L2)" : hint ?? "";
  fill(hits, { open: (index) => open(hits, index), like: searchLike });
  announce(hits.length
    ? `${pictures(hits.length)} like ${name}; the closest is ${nameOf(hits[0])}, ` +
      `score ${closeness(hits[0].score)}.`
    : `No pictures like ${name}.`);
}

function open(list, index) {
  view(list, index, { closed: focusTile, like: searchLike });
}

function showQuery(place) {
  const { query } = place.answer;
  const frame = byId("query-frame");
  const upload = place.kind === "upload";
  const name = upload ? printable(query.name) : nameOf(query);
  byId("query-name").textContent = name;
  byId("query-about").textContent = upload ? "Not kept anywhere" : folderOf(query);
  const image = element("img", { alt: `The query: ${name}`, draggable: false });
  image.addEventListener("error", () => frame.replaceChildren(placeholder(name)));
  image.src = upload ? place.address : query.thumbnail;
  frame.replaceChildren(upload ? image : largeButton(query, image));
  return name;
}

function largeButton(query, image) {
  const button = element("button", { type: "button", className: "open-query", title: "Open large" }, image);
  const closed = () => button.focus();
  button.addEventListener("click", () => view([query], 0, { closed, like: searchLike }));
  return button;
}

function placeholder(name) {
  return element("div", { className: "placeholder" }, icon("picture"),
    element("span", { textContent: `${name} cannot be shown by this browser` }));
}

function showSteps() {
  const empty = here?.kind === "start" && stats !== null && stats.images === 0;
  byId("steps").hidden = !empty;
  if (!empty) return;
  const busy = stats.indexing !== null;
  byId("steps-title").textContent = busy ? "Your pictures are coming" : "There are no pictures here yet";
  byId("steps-text").textContent = busy
    ? "Indexing has begun; the first pictures appear within seconds."
    : "Tell Lookalike in a terminal which folder holds them:";
  byId("steps-command").textContent = `lookalike index --library "${printable(stats.folder)}" FOLDER`;
  byId("steps-command").parentElement.hidden = busy;
}

// A start that shows fewer pictures than it has room for fills up as they arrive.
async function noticed(now) {
  const before = stats;
  stats = now;
  showSteps();
  const place = here;
  const room = place?.kind === "start" && place.images.length < SAMPLE;
  if (!room || now.images <= place.images.length || before?.images === now.images) return;
  const { images } = await api.sample(SAMPLE).catch(() => place);
  if (here !== place) return;
  place.images = images;
  show(place);
}

// ---- listening

byId("home").addEventListener("click", async (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  go(await start(), location.pathname);
});
byId("others").addEventListener("click", async () => {
  const place = await start();
  if (here?.kind === "start" && place.images.length) {
    here.images = place.images;
    show(here);
  }
});
byId("notice-close").addEventListener("click", calm);
byId("steps-copy").addEventListener("click", (event) => {
  copy(byId("steps-command").textContent, event.currentTarget);
});

listen(searchUpload);
const first = history.state?.key ?? newKey();
history.replaceState({ key: first }, "");
arrive(first);
watch(noticed);
