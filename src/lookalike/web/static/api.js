// REST calls → their JSON, or an Error whose message is one sentence for a person.

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

export function searchUpload(file, signal) {
  const form = new FormData();
  form.append("image", file, file.name || "picture");
  return ask("api/search", { method: "POST", body: form, signal });
}

export function searchLike(id, signal) {
  return ask("api/search", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ id }),
    signal,
  });
}

export const sample = (number, signal) => ask(`api/images?sample=${number}`, { signal });
export const details = (id, signal) => ask(`api/images/${id}`, { signal });
export const stats = () => ask("api/stats", { cache: "no-store" });

export const duplicates = (offset, limit, exact) => (
  ask(`api/duplicates?offset=${offset}&limit=${limit}&exact=${exact}`, { cache: "no-store" })
);
export const lookForDuplicates = () => ask("api/duplicates/look", { method: "POST" });

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
