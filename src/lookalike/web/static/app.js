// The page: where it is (start, like a picture, like an upload), and how it gets there and back.

import * as api from "./api.js";
import { listen } from "./chooser.js";
import { announce, byId, calm, complain, copy, element, icon } from "./dom.js";
import { fill, focusTile } from "./grid.js";
import { watch } from "./status.js";
import { bytes, closeness, count, folderOf, nameOf, pictures, printable } from "./text.js";
import { dismiss, view } from "./viewer.js";

const THE_QUERY = "The query";
const SAMPLE = 24;
const KEPT = 20;

// What the last entries of the browser's history show. An upload cannot live in an address, so it
// lives here.
const places = new Map();
let here = null;
let stats = null;
let asking = null;
let keys = 0;

const newKey = () => `${Date.now()}-${keys += 1}`;

function remember(key, place) {
  places.set(key, place);
  for (const [oldest, { address }] of places) {
    if (places.size <= KEPT) break;
    places.delete(oldest);
    if (address) URL.revokeObjectURL(address);
  }
}

function likeInAddress() {
  const id = new URLSearchParams(location.search).get("like");
  return id !== null && /^\d{1,18}$/.test(id) ? Number(id) : null;
}

// ---- going somewhere

// A later wish has taken the place of this one, which must not change anything any more.
class Overtaken extends Error {}

function wish(fulfil) {
  return async (...given) => {
    try {
      await fulfil(...given);
      const lost = here === null && asking === null; // it failed before anything was shown
      if (lost) await complaining(() => arrive(history.state?.key ?? newKey()));
    } catch (error) {
      if (!(error instanceof Overtaken)) throw error;
    }
  };
}

// The answer; null where there is none, which has been said then. Throws Overtaken.
async function seek(ask) {
  asking?.abort();
  asking = new AbortController();
  calm();
  byId("grid").setAttribute("aria-busy", "true");
  const { signal } = asking;
  try {
    const answer = await ask(signal);
    if (signal.aborted) throw new Overtaken();
    return answer;
  } catch (error) {
    if (signal.aborted) throw new Overtaken();
    complain(error.message);
    return null;
  } finally {
    if (!signal.aborted) {
      asking = null;
      byId("grid").removeAttribute("aria-busy");
    }
  }
}

// What was complained about stays to be read while the page asks for something else.
function complaining(ask) {
  const complaint = byId("notice").hidden ? null : byId("notice-text").textContent;
  const answer = ask();
  if (complaint) complain(complaint);
  return answer;
}

function go(place, address) {
  const key = newKey();
  remember(key, place);
  history.pushState({ key }, "", address);
  show(place);
  window.scrollTo({ top: 0 });
  byId("results").focus({ preventScroll: true });
}

const searchLike = wish(async (picture) => {
  dismiss();
  const answer = await seek((signal) => api.searchLike(picture.id, signal));
  if (answer) go({ kind: "like", answer }, `?like=${picture.id}`);
});

const searchUpload = wish(async (file) => {
  dismiss();
  const limit = Number(document.body.dataset.maxUpload);
  if (file.size > limit) {
    complain(`${printable(file.name)} has ${bytes(file.size)}; the limit is ${bytes(limit)}.`);
    return;
  }
  announce("Looking for pictures like it.");
  const answer = await seek((signal) => api.searchUpload(file, signal).catch(naming(file)));
  if (answer) {
    go({ kind: "upload", answer, address: URL.createObjectURL(file) }, location.pathname);
  }
});

// The server does not speak of an upload by its name; the person has several files to tell apart.
function naming(file) {
  return (error) => {
    if (!error.message.startsWith(THE_QUERY) || !file.name) throw error;
    throw new Error(printable(file.name) + error.message.slice(THE_QUERY.length), { cause: error });
  };
}

async function start() {
  const answer = await seek((signal) => api.sample(SAMPLE, signal));
  return answer && { kind: "start", images: answer.images };
}

async function likeOfAddress(key) {
  const id = likeInAddress();
  if (id === null) return null;
  const answer = await seek((signal) => api.searchLike(id, signal));
  if (answer) return { kind: "like", answer };
  history.replaceState({ key }, "", location.pathname);
  return null;
}

const arrive = wish(async (key) => {
  const place = await likeOfAddress(key) ?? await complaining(start);
  if (place) remember(key, place);
  show(place ?? { kind: "start", images: [] });
});

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
  if (!room || now.images <= place.images.length) return;
  if (before?.images === now.images && place.images.length) return;
  const { images } = await api.sample(SAMPLE).catch(() => place);
  if (here !== place) return;
  place.images = images;
  show(place);
}

// ---- listening

const goHome = wish(async () => {
  const place = await start();
  if (place) go(place, location.pathname);
});

const showOthers = wish(async () => {
  const place = await start();
  if (here?.kind !== "start" || !place?.images.length) return;
  here.images = place.images;
  show(here);
});

byId("home").addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  goHome();
});
byId("others").addEventListener("click", showOthers);
// Not by its address: that would be another place in the history, which no upload can have.
byId("skip").addEventListener("click", (event) => {
  event.preventDefault();
  byId("results").scrollIntoView();
  byId("results").focus({ preventScroll: true });
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
