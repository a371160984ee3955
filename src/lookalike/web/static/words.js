// Words in a field → `ask(text)` or `add(text, weight)`; what the answer says that they were taken
// for → a line beside the query.

import { byId } from "./dom.js";
import { LIKE, UNLIKE } from "./query.js";

const SHOWN = 3;

// The forms are there only where the library's model takes words.
export function listenForWords(ask, add) {
  byId("words-start")?.addEventListener("submit", (event) => take(event, ask));
  byId("words-more")?.addEventListener("submit", (event) => {
    const weight = event.submitter?.value === "without" ? UNLIKE : LIKE;
    take(event, (text) => add(text, weight));
  });
}

// What says nothing is sent, too: the server has a sentence for it.
function take(event, use) {
  event.preventDefault();
  const field = event.target.elements.words;
  use(field.value);
  field.value = "";
}

export function showUnderstood(understood = []) {
  const line = byId("understood");
  if (line === null) return;
  line.hidden = understood.length === 0;
  line.textContent = understood.map(inWords).join(" ");
}

function inWords({ words, labels, sure }) {
  const names = labels.slice(0, SHOWN).map(({ label }) => label).join(", ");
  const said = `“${words}” is taken for ${names}`;
  return sure ? `${said}.` : `${said}; none of them is near, so the answers are a guess.`;
}
