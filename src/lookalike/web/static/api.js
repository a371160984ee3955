// REST calls → their JSON, or an Error whose message is one sentence for a person.

import { again, secondsUntil } from "./again.js";
import { filterForSearch, filterInAddress } from "./filter.js";

const NO_ANSWER = "The server does not answer: is Lookalike still running?";

async function ask(address, options = {}) {
  return (await answer(address, options)).json();
}

// The response itself, once it is clear that it is what was asked for.
async function answer(address, options = {}) {
  for (let tries = 1; ; tries += 1) {
    let response;
    try {
      response = await fetch(address, options);
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Error(NO_ANSWER, { cause: error });
    }
    if (response.ok) return response;
    if (response.status === 401) location.reload(); // to the form that asks for the token
    const seconds = secondsUntil(response, tries);
    const said = await sentence(response);
    if (seconds === null) throw new Error(said);
    await again(said, seconds, options.signal);
  }
}

async function sentence(response) {
  try {
    const problem = await response.json();
    if (problem.detail) return problem.detail;
  } catch {
    // Not a problem document: something between this page and the server has answered.
  }
  return `The server answered with status ${response.status}.`;
}

// `examples`, `filter` and `way` as in query.js; uploads travel as files of a form, all else as JSON.
// `stretch` says which of the answers are wanted: { offset, k, distribution, fold }.
export function search(query, stretch, signal) {
  return ask("api/search", { method: "POST", signal, ...bodyOf(query, stretch) });
}

// The first of all answers by their numbers: { pictures, total }.
export async function ranking(query, fold, signal) {
  const { ids, scores, distances, total } = await ask("api/search/ids", { method: "POST", signal, ...bodyOf(query, { fold }) });
  const pictures = ids.map((id, at) => ({ id, score: scores[at], distance: distances[at] }));
  return { pictures, total };
}

// What passes a filter, in order of path, as a search would tell it: { hits, total }.
export async function list(filter, { offset, k }, signal) {
  const parts = [...filterInAddress(filter), `offset=${offset}`, `k=${k}`];
  const { images: hits, total } = await ask(`api/list?${parts.join("&")}`, { signal });
  return { hits, total };
}

// The same by numbers alone: { pictures, total }.
export async function listed(filter, signal) {
  const { ids } = await ask(`api/list/ids?${filterInAddress(filter).join("&")}`, { signal });
  return { pictures: ids.map((id) => ({ id })), total: ids.length };
}

// Why the picture of that number is an answer to a query.
export function explanation(picture, { examples }, signal) {
  const address = `api/images/${picture}/explanation`;
  const [{ id, upload, box }] = examples;
  if (id === null || upload || examples.length > 1) {
    return ask(address, { method: "POST", signal, ...body(examples, {}) });
  }
  return ask(`${address}?like=${id}${box ? `&box=${box.join(",")}` : ""}`, { signal });
}

function bodyOf({ examples, filter, way }, how) {
  const only = filterForSearch(filter);
  return body(examples, { ...how, ...way, ...(only ? { filter: only } : {}) });
}

function body(examples, how) {
  const files = [];
  const asked = examples.map(({ id, upload, words, weight, box }) => ({
    ...(upload ? { image: files.push(upload.file) - 1 } : words ? { words } : { id }),
    weight,
    ...(box ? { box } : {}),
  }));
  if (files.length === 0) {
    const headers = { "Content-Type": "application/json" };
    return { headers, body: JSON.stringify({ ...(asked.length ? { examples: asked } : {}), ...how }) };
  }
  const form = new FormData();
  for (const file of files) form.append("image", file, file.name || "picture");
  form.append("examples", JSON.stringify(asked));
  for (const [name, value] of Object.entries(how)) {
    form.append(name, typeof value === "string" ? value : JSON.stringify(value));
  }
  return { body: form };
}

export function exported(wanted, signal) {
  const headers = { "Content-Type": "application/json" };
  return answer("api/export", { method: "POST", headers, body: JSON.stringify(wanted), signal });
}

export const sample = (number, signal) => ask(`api/images?sample=${number}`, { signal });
export const details = (id, signal) => ask(`api/images/${id}`, { signal });
export const metadata = (id, signal) => ask(`api/images/${id}/metadata`, { signal });
export const reveal = (id) => ask(`api/images/${id}/reveal`, { method: "POST" });
export const facets = (filter, signal) => ask(`api/facets?${filter}`, { signal });
export const stats = () => ask("api/stats", { cache: "no-store" });

export const duplicates = (offset, limit, exact) => (
  ask(`api/duplicates?offset=${offset}&limit=${limit}&exact=${exact}`, { cache: "no-store" })
);
export const lookForDuplicates = () => ask("api/duplicates/look", { method: "POST" });

export const notDuplicates = (images) => post("api/duplicates/decisions", { images });

// `fields` are { favourite, add, remove }, as many of them as change.
export const mark = (images, fields) => post("api/marks", { images, ...fields });
export const tags = () => ask("api/tags");

export const views = () => ask("api/views", { cache: "no-store" });
// `source` is { from } or { liked, unliked }.
export const learn = (name, source) => post("api/views", { name, ...source });
export const forgetView = (name) => (
  answer(`api/views?name=${encodeURIComponent(name)}`, { method: "DELETE" })
);

export const upgrades = () => ask("api/upgrade", { cache: "no-store" });
export const compareModels = (model) => ask(`api/upgrade/compare?model=${encodeURIComponent(model)}`);
// Without a picture's number, the library chooses one.
export function sideBySide(model, like = null) {
  const more = like === null ? "" : `&like=${encodeURIComponent(like)}`;
  return ask(`api/upgrade/beside?model=${encodeURIComponent(model)}${more}`, { cache: "no-store" });
}
export const switchModel = (model) => post("api/upgrade/switch", { model });

export const map = () => ask("api/map", { cache: "no-store" });
export const mapPoints = () => ask("api/map/points");
export const drawMap = () => ask("api/map", { method: "POST" });

function post(address, body) {
  return ask(address, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

export function duplicatesAfterAll(images) {
  const query = images.map((id) => `image=${id}`).join("&");
  return ask(`api/duplicates/decisions?${query}`, { method: "DELETE" });
}
