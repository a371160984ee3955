// The page: where it is (start, the answers to a query, or what passes filters), and how it gets there
// and back.

import { answersTo, STRETCH } from "./answers.js";
import * as api from "./api.js";
import { regionShown } from "./asked.js";
import { listen } from "./chooser.js";
import { announce, byId, calm, complain, copy } from "./dom.js";
import { filterInAddress } from "./filter.js";
import { foldNow, listenForFolding } from "./fold.js";
import { focusTile } from "./grid.js";
import { listenForLearning } from "./learning.js";
import { listenForLiked } from "./liked.js";
import { newKey, placeOf, remember, replace } from "./places.js";
import {
  adding, addingWords, fromAddress, isList, NOTHING_STAYS, ofFilter, ofPicture, ofPictures, ofUpload, ofView, ofWords, toAddress,
} from "./query.js";
import { listenForParts } from "./region.js";
import { listenForSelection } from "./selection.js";
import { SAMPLE, showPlace } from "./showing.js";
import { listenForSize } from "./size.js";
import { watch } from "./status.js";
import { bytes, printable } from "./text.js";
import { dismiss } from "./viewer.js";
import * as wall from "./wall.js";
import { listenForWay } from "./way.js";
import "./why.js";
import { listenForWords } from "./words.js";

const THE_QUERY = "The query";
const PAUSE = 120; // milliseconds without a change, after which the answers follow
const REST = 250; // milliseconds without scrolling, after which the place is noted
const LIGHT = 2e6; // bytes of uploads that may travel while something is still being dragged

let here = null;
let stats = null;
let asking = null;
let noting = null;

// What the box and the weights say. It may be `ahead` of the answers that are shown.
let draft = null;
let ahead = false;
let pause = null;

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

// What was under way before has no say any more.
function leave() {
  asking?.abort();
  clearTimeout(pause);
  ahead = false;
}

// The answer; null where there is none, which has been said then. Throws Overtaken.
async function seek(ask) {
  leave();
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

// Where one was when one left, to come back to: kept with the entry of the history.
function mark() {
  const place = wall.place();
  if (here && place) here.spot = { ...place, focus: wall.focused() };
}

function enter(place, address) {
  mark();
  const key = newKey();
  remember(key, place);
  history.pushState({ key }, "", address);
  show(place);
}

function stay(place, address) {
  replace(history.state.key, place);
  history.replaceState(history.state, "", address);
  show(place);
}

function go(place, address) {
  enter(place, address);
  window.scrollTo({ top: 0 });
  byId("results").focus({ preventScroll: true });
}

async function answerTo(query) {
  if (isList(query)) return listOf(query);
  const fold = foldNow();
  const first = { offset: 0, k: STRETCH, distribution: true, fold };
  const answer = await seek((signal) => api.search(query, first, signal).catch(naming(query)));
  return answer && { kind: "result", query, answer, answers: answersTo(query, answer, fold) };
}

async function listOf(query) {
  const answer = await seek((signal) => api.list(query.filter, { offset: 0, k: STRETCH }, signal));
  return answer && { kind: "list", query, answers: answersTo(query, answer, false) };
}

const search = wish(async (query) => {
  dismiss();
  const place = await answerTo(query);
  if (place) go(place, toAddress(query));
});

// What narrows the answers, and how they are compared, stays while one wanders.
const staysNow = () => (draft ? { filter: draft.filter, way: draft.way } : NOTHING_STAYS);
const searchLike = (picture) => search(ofPicture(picture, staysNow()));
const narrow = (filter) => search({ ...(draft ?? ofFilter()), filter });
const compareBy = (way) => search({ ...draft, way });
const add = (picture, weight) => search(adding(draft, picture, weight));

const searchUpload = wish(async (file) => {
  dismiss();
  const limit = Number(document.body.dataset.maxUpload);
  if (file.size > limit) {
    complain(`${printable(file.name)} has ${bytes(file.size)}; the limit is ${bytes(limit)}.`);
    return;
  }
  announce("Looking for pictures like it.");
  const upload = { file, address: null };
  const place = await answerTo(ofUpload(upload, staysNow()));
  if (!place) return;
  upload.address = URL.createObjectURL(file);
  go(place, toAddress(place.query));
});

// A box or a weight has changed, and is perhaps still being dragged: the answers follow. All of it
// is one step of the history.
function adjust(change, settled) {
  draft = change(draft);
  ahead = true;
  clearTimeout(pause);
  const load = draft.examples.reduce((sum, { upload }) => sum + (upload?.file.size ?? 0), 0);
  if (settled || load < LIGHT) pause = setTimeout(follow, PAUSE);
}

const follow = wish(async () => {
  const place = await answerTo(draft);
  if (!place) return;
  const move = here.adjusted ? stay : enter;
  move({ ...place, adjusted: true }, toAddress(place.query));
  if (wall.place()?.index > 0) wall.goToPicture(0);
});

// The server does not speak of an upload by its name; the person has several files to tell apart.
function naming({ examples: [first] }) {
  return (error) => {
    const name = first?.upload?.file.name;
    if (!error.message.startsWith(THE_QUERY) || !name) throw error;
    const rest = error.message.slice(THE_QUERY.length);
    throw new Error(printable(name) + rest, { cause: error });
  };
}

async function start() {
  const answer = await seek((signal) => api.sample(SAMPLE, signal));
  return answer && { kind: "start", images: answer.images };
}

async function resultOfAddress(key) {
  const query = fromAddress(location.search);
  if (query === null) return null;
  const place = await answerTo(query);
  if (!place) history.replaceState({ key }, "", location.pathname);
  return place;
}

const arrive = wish(async (key, spot = null) => {
  const place = await resultOfAddress(key) ?? await complaining(start);
  if (place) remember(key, place);
  show(place ?? { kind: "start", images: [] });
  comeBack(spot);
});

function comeBack(spot) {
  if (!spot) return;
  wall.goTo(spot);
  if (spot.focus !== null) focusTile(spot.focus, { still: true });
}

window.addEventListener("popstate", (event) => {
  mark();
  leave();
  byId("grid").removeAttribute("aria-busy");
  dismiss();
  calm();
  const key = event.state?.key ?? newKey();
  const place = placeOf(key);
  if (!place) {
    arrive(key, event.state?.spot);
    return;
  }
  show(place);
  comeBack(here.spot);
});

// For a page that is loaded again: then it is too late to ask where one is.
function noteSoon() {
  clearTimeout(noting);
  noting = setTimeout(() => {
    if (placeOf(history.state?.key) !== here) return;
    mark();
    history.replaceState({ ...history.state, spot: here.spot }, "");
  }, REST);
}
window.addEventListener("scroll", noteSoon, { passive: true });
byId("grid").addEventListener("focusin", noteSoon);

// ---- showing it

function show(place) {
  here = place;
  if (!ahead) draft = place.query ?? null;
  showPlace(place, { like: searchLike, add, narrow, adjust, ask: (change) => search(change(draft)), ahead });
  const filter = filterInAddress(staysNow().filter).join("&");
  byId("to-map").href = filter ? `map?${filter}` : "map";
  showSteps();
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
listenForSelection({ search: (some) => search(ofPictures(some, staysNow())) });
listenForParts(() => (here?.kind === "result" ? regionShown() : null));
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
listenForWords((text) => search(ofWords(text, staysNow())), (text, weight) => search(addingWords(draft, text, weight)));
listenForFolding(wish(async () => {
  const place = here?.kind === "result" ? await answerTo(here.query) : null;
  if (place) stay({ ...place, adjusted: here.adjusted }, toAddress(place.query));
}));
listenForWay(compareBy);
listenForLearning(compareBy);
listenForLiked((view) => search(ofView(view, staysNow())));
listenForSize((height) => { if (here?.kind !== "start") wall.resize(height); });
history.scrollRestoration = "manual";
const { key: first = newKey(), spot } = history.state ?? {};
history.replaceState({ key: first, spot }, "");
arrive(first, spot);
watch(noticed);
