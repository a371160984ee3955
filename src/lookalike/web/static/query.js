// What is searched for ↔ the address of the page: pictures with weights and boxes, which pictures
// may be answers, and how they are compared.

import { filterInAddress, filterOf } from "./filter.js";
import { wayInAddress, wayOf } from "./way.js";

export const LIKE = 1;
export const UNLIKE = -0.5;
const STANDS_FOR = { like: LIKE, unlike: -UNLIKE };
const WORDS_STAND_FOR = { words: LIKE, without: -UNLIKE };

const ALL = "all";
const PICTURE = /^(\d{1,18})(?::(\d*\.?\d+))?$/;
const NUMBER = /^\d*\.?\d+$/;

// A query is { examples, filter, way }, the filter as in filter.js and the way to compare as in
// way.js; an example { id, upload, words, weight, box }, with one of `id` (of the library), `upload`
// ({ file, address }) and `words` (a text); `box` is [left, top, width, height] or null.
const example = (id, upload, weight, words = null) => ({ id, upload, words, weight, box: null });

// `stays` are the filter and the way, which stay while one wanders from picture to picture.
export const ofPicture = ({ id }, stays) => ({ examples: [example(id, null, LIKE)], ...stays });
export const ofPictures = (some, stays) => ({ examples: some.map(({ id }) => example(id, null, LIKE)), ...stays });
export const ofUpload = (upload, stays) => ({ examples: [example(null, upload, LIKE)], ...stays });
export const NOTHING_STAYS = { filter: {}, way: {} };

// Filters alone ask for what passes them, in order of path; a view alone for what is liked.
export const isList = ({ examples, way }) => examples.length === 0 && !way.view;
export const ofView = (view, { filter }) => ({ examples: [], filter, way: { view } });
export const ofFilter = () => ({ examples: [], ...NOTHING_STAYS });
export const ofWords = (text, stays) => ({ examples: [example(null, null, LIKE, text)], ...stays });

export function addingWords(query, text, weight) {
  const others = query.examples.filter(({ words }) => words !== text);
  return ordered({ ...query, examples: [...others, example(null, null, weight, text)] });
}

export function adding(query, picture, weight) {
  const others = query.examples.filter(({ id }) => id !== picture.id);
  return ordered({ ...query, examples: [...others, example(picture.id, null, weight)] });
}

export function removing(query, index) {
  return ordered({ ...query, examples: query.examples.filter((_, at) => at !== index) });
}

export function changing(query, index, change) {
  const examples = query.examples.map((one, at) => (at === index ? { ...one, ...change } : one));
  return { ...query, examples };
}

// What stands large is wanted, where anything is, and a picture rather than words.
function ordered(query) {
  const { examples } = query;
  const wanted = examples.filter(({ weight }) => weight > 0);
  const first = wanted.find(({ words }) => words === null) ?? wanted[0] ?? examples[0];
  return { ...query, examples: [first, ...examples.filter((one) => one !== first)] };
}

export function uploadsOf({ examples }) {
  return examples.flatMap(({ upload }) => (upload ? [upload.address] : []));
}

// ---- the address: ?like=12&box=0.1,0.2,0.5,0.5&like=15:0.5&unlike=9, where a box belongs to the
// picture before it; words are ?words=at+night&without=snow, where a `weight` belongs to the words
// before it; ?view=taste is a view that was learned from what is liked; ?favourite=true is a list,
// and ?all that of all pictures. An upload cannot live there.

export function toAddress(query) {
  if (uploadsOf(query).length) return location.pathname;
  const stays = [...filterInAddress(query.filter), ...wayInAddress(query.way)];
  const all = isList(query) && Object.keys(query.filter).length === 0 ? [ALL] : [];
  const parts = [...all, ...query.examples.flatMap(inAddress), ...stays];
  return `?${parts.join("&")}`;
}

function inAddress({ id, words, weight, box }) {
  if (words !== null) return wordsInAddress(words, weight);
  const kind = weight < 0 ? "unlike" : "like";
  const amount = Math.abs(weight);
  const picture = `${kind}=${id}${amount === STANDS_FOR[kind] ? "" : `:${amount}`}`;
  return box ? [picture, `box=${box.join(",")}`] : [picture];
}

function wordsInAddress(text, weight) {
  const kind = weight < 0 ? "without" : "words";
  const amount = Math.abs(weight);
  const said = `${kind}=${encodeURIComponent(text)}`;
  return amount === WORDS_STAND_FOR[kind] ? [said] : [said, `weight=${amount}`];
}

// null where the address asks for nothing; what it says besides that is no query is passed over.
export function fromAddress(search) {
  const params = new URLSearchParams(search);
  const query = { examples: [], filter: filterOf(params), way: wayOf(params) };
  for (const [name, value] of params) {
    if (name in STANDS_FOR) query.examples.push(...pictureIn(name, value));
    if (name in WORDS_STAND_FOR && value.trim()) {
      const weight = name === "without" ? UNLIKE : LIKE;
      query.examples.push(example(null, null, weight, value));
    }
    if (name === "weight" && query.examples.at(-1)?.words && NUMBER.test(value)) {
      const one = query.examples.at(-1);
      one.weight = Math.sign(one.weight) * within(0, Number(value), 1);
    }
    if (name === "box" && query.examples.length && query.examples.at(-1).words === null) query.examples.at(-1).box = boxIn(value);
  }
  const asks = !isList(query) || Object.keys(query.filter).length || params.has(ALL);
  return asks ? query : null;
}

function pictureIn(kind, text) {
  const found = PICTURE.exec(text);
  if (!found) return [];
  const amount = within(0, Number(found[2] ?? STANDS_FOR[kind]), 1);
  return [example(Number(found[1]), null, kind === "like" ? amount : -amount)];
}

function boxIn(text) {
  const numbers = text.split(",");
  return numbers.length === 4 && numbers.every((one) => NUMBER.test(one)) ? numbers.map(Number) : null;
}

export const within = (least, value, most) => Math.min(most, Math.max(least, value));
