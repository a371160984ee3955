// REST calls → their JSON, or an Error whose message is one sentence for a person.

import { filterForSearch } from "./filter.js";

const NO_ANSWER = "The server does not answer: is Lookalike still running?";

async function ask(address, options = {}) {
  let response;
  try {
    response = await fetch(address, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error(NO_ANSWER, { cause: error });
  }
  if (response.ok) return response.json();
  throw new Error(await sentence(response));
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

// `examples` and `k` as in query.js; uploads travel as files of a form, all else as JSON.
export function search({ examples, filter, k }, signal) {
  const files = [];
  const asked = examples.map(({ id, upload, weight, box }) => ({
    ...(upload ? { image: files.push(upload.file) - 1 } : { id }),
    weight,
    ...(box ? { box } : {}),
  }));
  const only = filterForSearch(filter);
  return ask("api/search", { method: "POST", signal, ...body(files, asked, k, only) });
}

function body(files, examples, k, only) {
  if (files.length === 0) {
    const headers = { "Content-Type": "application/json" };
    return { headers, body: JSON.stringify({ examples, k, ...(only ? { filter: only } : {}) }) };
  }
  const form = new FormData();
  for (const file of files) form.append("image", file, file.name || "picture");
  form.append("examples", JSON.stringify(examples));
  form.append("k", k);
  if (only) form.append("filter", JSON.stringify(only));
  return { body: form };
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

export const map = () => ask("api/map", { cache: "no-store" });
export const mapPoints = () => ask("api/map/points");
export const drawMap = () => ask("api/map", { method: "POST" });

export function notDuplicates(images) {
  return ask("api/duplicates/decisions", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ images }),
  });
}

export function duplicatesAfterAll(images) {
  const query = images.map((id) => `image=${id}`).join("&");
  return ask(`api/duplicates/decisions?${query}`, { method: "DELETE" });
}
