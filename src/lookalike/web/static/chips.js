// A word and what takes it away → an item of a list of such.

import { element, icon } from "./dom.js";
import { printable } from "./text.js";

export function chip(text, label, remove) {
  const button = element("button", { type: "button", className: "chip-remove" }, icon("close"));
  button.setAttribute("aria-label", printable(label));
  button.addEventListener("click", remove);
  return element("li", { className: "chip" },
    element("bdi", { textContent: printable(text) }), button);
}
