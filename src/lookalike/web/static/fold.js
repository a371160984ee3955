// Answers that show the same → one tile with the number of its copies, or one for each.

import { byId, element } from "./dom.js";
import { count, nameOf } from "./text.js";

const KEY = "lookalike.fold";

const box = byId("fold");

export const foldNow = () => box.checked;

export const copiesOf = (number) => (number === 1 ? "1 copy" : `${count(number)} copies`);

// `change()` is called when a person folds or unfolds; the browser remembers which.
export function listenForFolding(change) {
  try {
    box.checked = localStorage.getItem(KEY) !== "no";
  } catch {
    // A browser that keeps nothing: folded, as long as nobody says otherwise.
  }
  box.addEventListener("change", () => {
    try {
      localStorage.setItem(KEY, box.checked ? "yes" : "no");
    } catch {
      // It holds for as long as the page is open.
    }
    change();
  });
}

// A tile for a picture gets a button with the number of its copies, if it has any; `open(pictures)`
// shows it with them.
export function stack(tile, picture, open) {
  const copies = picture.copies ?? [];
  if (copies.length === 0) return;
  const words = `+${count(copies.length)}`;
  const button = element("button", {
    type: "button", className: "stack", tabIndex: -1, textContent: words, title: copiesOf(copies.length),
  });
  button.setAttribute("aria-label", `${words}: look at ${nameOf(picture)} and its ${copiesOf(copies.length)}`);
  button.addEventListener("click", () => open([picture, ...copies]));
  tile.classList.add("stacked");
  tile.append(button);
}
