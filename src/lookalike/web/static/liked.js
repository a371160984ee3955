// The views that were learned from what is liked → buttons that show what is liked, without a picture
// to compare with.

import { byId, element, icon } from "./dom.js";
import { printable } from "./text.js";
import { likedOf, refreshViews } from "./way.js";

let showing = () => {};

// `show(view)` is called with the name of a view that is to be asked alone.
export function listenForLiked(show) {
  showing = show;
}

export function showButton(view, words) {
  const button = element("button", { type: "button", className: "button small" }, icon("star"),
    element("span", { textContent: words }));
  button.setAttribute("aria-label", `Show what I like: ${printable(view)}`);
  button.addEventListener("click", () => showing(view));
  return button;
}

// At the start: those that there are by now, which may have been learned elsewhere.
export async function showLiked() {
  const views = likedOf(await refreshViews());
  byId("liked").hidden = views.length === 0;
  byId("liked").replaceChildren(...views.map(({ name }) => (
    showButton(name, `Show what I like: ${printable(name)}`)
  )));
}
