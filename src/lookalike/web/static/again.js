// A refusal for the moment → the same asked once more, after as long as the server says.

import { announce, byId, calm } from "./dom.js";

const PATIENCE = 15; // seconds: for longer, a person decides
const MOST_TRIES = 4;

// After how many seconds it is worth another try, or null where it is not.
export function secondsUntil(response, tries) {
  if (response.status !== 429 && response.status !== 503) return null;
  const seconds = Number(response.headers.get("Retry-After") ?? NaN);
  return seconds > 0 && seconds <= PATIENCE && tries < MOST_TRIES ? seconds : null;
}

// Says so, and waits; ends early, with an error, where `signal` says that nobody wants it any more.
export async function again(sentence, seconds, signal) {
  const words = sentence.replace(/: try again in a moment\.$/, ".");
  const said = `${words} Trying again in ${seconds} ${seconds === 1 ? "second" : "seconds"}.`;
  say(said);
  try {
    await pause(seconds * 1000, signal);
  } finally {
    if (byId("notice-text")?.textContent === said) calm();
  }
}

function say(sentence) {
  if (!byId("notice")) return;
  byId("notice-text").textContent = sentence;
  byId("notice").hidden = false;
  announce(sentence);
}

function pause(milliseconds, signal) {
  return new Promise((go, stop) => {
    const timer = setTimeout(done, milliseconds);
    function done() {
      signal?.removeEventListener("abort", left);
      go();
    }
    function left() {
      clearTimeout(timer);
      stop(new DOMException("Nobody waits for it any more.", "AbortError"));
    }
    if (signal?.aborted) left();
    else signal?.addEventListener("abort", left, { once: true });
  });
}
