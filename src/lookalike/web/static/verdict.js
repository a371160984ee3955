// How good the answers are → a sentence where there is probably nothing or not all was looked at, and marks on the tiles at
// which answers begin to be worse.

import { byId, element } from "./dom.js";
import { count } from "./text.js";

const SAME = "the same picture";
const STRONG = "strong";
const WEAK = "weak";
const NOTHING = "probably nothing";
const ORDER = [SAME, STRONG, WEAK, NOTHING];
const FROM = { [WEAK]: "weak from here", [NOTHING]: "probably nothing" };

// Nothing, unless there is probably nothing, or pictures seem to be missing.
export function sentenceOf(answer) {
  if (answer?.verdict === NOTHING) return answer.reason;
  if (!answer?.lacking) return "";
  const some = answer.lacking === 1 ? "1 picture has" : `${count(answer.lacking)} pictures have`;
  return `${some} no parts yet and cannot be among these: index again.`;
}

export function showVerdict(answer) {
  const sentence = sentenceOf(answer);
  byId("verdict").hidden = !sentence;
  byId("verdict").textContent = sentence;
}

// A tile at which strong answers end, or weak ones, has a line before it, and says so under the
// picture. What comes in another order than that of the verdicts has no such place. `before` is the
// answer before it.
export function divide(tile, picture, before) {
  if (!before || !worse(picture, before) || !(picture.verdict in FROM)) return;
  tile.classList.add("worse");
  const words = element("span", { className: "from", textContent: FROM[picture.verdict] });
  words.title = `The answers from here on are ${picture.verdict}`;
  tile.querySelector(".caption .score").after(words);
}

const worse = (picture, before) => ORDER.indexOf(picture.verdict) > ORDER.indexOf(before.verdict) &&
  ORDER.includes(before.verdict);
