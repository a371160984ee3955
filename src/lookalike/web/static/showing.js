// A place (start, the answers to a query, or what passes filters) → what the page shows of it.

import { examplesOf, showAsked, titleOf } from "./asked.js";
import { showFilters } from "./choices.js";
import { announce, byId, calm, complain } from "./dom.js";
import { filterInWords } from "./filter.js";
import { copiesOf } from "./fold.js";
import { fill, focusTile } from "./grid.js";
import { showLearning } from "./learning.js";
import { showLiked } from "./liked.js";
import { sizeNow } from "./size.js";
import { markSpread, showSpread } from "./spread.js";
import { closeness, nameOf, pictures } from "./text.js";
import { sentenceOf, showVerdict } from "./verdict.js";
import { view } from "./viewer.js";
import * as wall from "./wall.js";
import { isPlain, showWay } from "./way.js";
import { showUnderstood } from "./words.js";

export const SAMPLE = 24;
const AT_THE_START = 200; // pixels that a row is high there
const SHOW = { start: showStart, result: showResult, list: showList };

// `acts` is what is done from there: like(picture), add(picture, weight), narrow(filter), and
// adjust(change, settled) and ask(change) as in asked.js; `ahead` says that what was asked with is
// being changed, and stays as it is shown.
export function showPlace(place, acts) {
  document.body.dataset.view = place.kind;
  byId("query").hidden = place.kind !== "result";
  byId("fold").parentElement.hidden = place.kind !== "result";
  showVerdict(place.answer);
  SHOW[place.kind](place, acts);
}

function showStart({ images }, { like, narrow }) {
  document.title = "Lookalike";
  byId("results-title").textContent = images.length ? "Or begin with one of yours" : "";
  byId("results-about").textContent = "";
  byId("others").hidden = images.length < SAMPLE;
  showFilters({}, narrow, { start: true });
  byId("filters").hidden = images.length === 0;
  byId("tools").hidden = byId("ways").hidden = true;
  showLiked();
  fill(images, { like, height: AT_THE_START });
}

function showResult(place, { like, add, narrow, ...acts }) {
  const { answers, answer: { hits, hint, folded } } = place;
  const { total } = answers;
  const examples = examplesOf(place);
  const { way } = place.query;
  const title = titleOf(examples, way);
  if (!acts.ahead) showAsked(examples, way, { like, adjust: acts.adjust, ask: acts.ask });
  showUnderstood(place.answer.understood);
  document.title = `${title} · Lookalike`;
  byId("others").hidden = true;
  const narrowed = Object.keys(place.query.filter).length > 0;
  byId("results-title").textContent = hits.length
    ? `${pictures(total)}${total > 1 ? `, ${examples.length ? "the closest" : "what is liked"} first` : ""}`
    : narrowed && !hint ? "No picture passes the filters" : "No pictures to compare with";
  byId("results-about").textContent = hits.length ? measures(folded, way) : hint ?? "";
  showFilters(place.query.filter, narrow);
  showWay(way, { alone: examples.length === 0 });
  showLearning(place.query);
  byId("tools").hidden = hits.length === 0;
  byId("ways").hidden = false;
  showSpread(place.answer, wall.goToPicture);
  const asked = { query: place.query, examples };
  fill(answers, {
    open: (index) => view(answers, index, { closed: focusTile, like, add, asked }),
    like,
    add,
    unfold: (some, index) => view(some, 0, { closed: () => focusTile(index), like, add, asked }),
    height: sizeNow(),
    seen: (first, last) => markSpread(first, last, answers.list),
    failed: (error) => (error ? complain(error.message) : calm()),
  });
  announce(hits.length
    ? `${pictures(total)} ${inSentence(title)}; the closest is ${nameOf(hits[0])}, ` +
      `score ${closeness(hits[0].score)}. ${sentenceOf(place.answer)}`.trim()
    : `No pictures ${inSentence(title)}.`);
}

function showList({ query: { filter }, answers }, { like, narrow }) {
  const { total } = answers;
  const words = filterInWords(filter);
  document.title = `${words} · Lookalike`;
  byId("others").hidden = true;
  const filtered = Object.keys(filter).length > 0;
  byId("results-title").textContent = total ? (filtered ? `${words}: ${pictures(total)}` : `All ${pictures(total)}`)
    : filtered ? "No picture passes the filters" : "There are no pictures here yet";
  byId("results-about").textContent = total > 1 ? "in order of path" : "";
  showFilters(filter, narrow);
  byId("tools").hidden = total === 0;
  byId("spread").hidden = byId("ways").hidden = true;
  fill(answers, {
    open: (index) => view(answers, index, { closed: focusTile, like, add: null, asked: null }),
    like,
    height: sizeNow(),
    failed: (error) => (error ? complain(error.message) : calm()),
  });
  announce(`${byId("results-title").textContent}.`);
}

const inSentence = (title) => `${title[0].toLowerCase()}${title.slice(1)}`;

function measures(folded, way) {
  const more = folded ? `; ${copiesOf(folded)} folded` : "";
  return `score (cosine) and distance (L2)${isPlain(way) ? "" : " as they are compared now"}${more}`;
}
