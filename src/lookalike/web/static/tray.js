// The examples of a query → a list beside it, with thumbnails, weights, and a way out for each.

import { byId, element, icon } from "./dom.js";
import { within } from "./query.js";

let shown = "";

// `pictures` are { name, address, weight }, the address of words is null; `weigh(index, weight)` and `remove(index)` are called.
// One picture that counts in full needs no list.
export function showTray(pictures, { weigh, remove }) {
  const needed = pictures.length > 1 || pictures[0]?.weight <= 0;
  byId("tray").hidden = !needed;
  const key = JSON.stringify(pictures.map(({ name, address }) => [name, address]));
  if (key !== shown) {
    shown = key;
    const rows = pictures.map((picture, index) => row(picture, index, weigh, remove));
    byId("tray-list").replaceChildren(...rows);
  }
  pictures.forEach(({ weight }, index) => tell(byId("tray-list").children[index], weight));
}

function row({ name, address }, index, weigh, remove) {
  const image = address === null ? icon("words") : element("img", { alt: "", draggable: false });
  image.addEventListener("error", () => image.replaceWith(icon("picture")));
  if (address !== null) image.src = address;
  const slider = element("input", { type: "range", min: -1, max: 1, step: 0.1 });
  slider.setAttribute("aria-label", `Weight of ${name}`);
  const item = element("li", { className: "example" },
    image,
    element("span", { className: "example-name", textContent: name, title: name }),
    removal(name, () => remove(index)),
    slider,
    element("span", { className: "example-weight" }));
  slider.addEventListener("input", () => {
    const weight = within(-1, Number(slider.value), 1);
    tell(item, weight);
    weigh(index, weight);
  });
  return item;
}

function removal(name, remove) {
  const button = element("button", { type: "button", className: "round", title: "Remove" }, icon("close"));
  button.setAttribute("aria-label", `Remove ${name} from the search`);
  button.addEventListener("click", remove);
  return button;
}

function tell(item, weight) {
  const slider = item.querySelector("input");
  const amount = Math.abs(weight).toFixed(1);
  const sense = weight > 0 ? "like it" : weight < 0 ? "unlike it" : "left aside";
  if (Number(slider.value) !== weight) slider.value = weight;
  slider.setAttribute("aria-valuetext", weight ? `${sense}, ${amount}` : sense);
  item.dataset.sense = sense;
  item.querySelector(".example-weight").textContent = weight ? `${sense} ${amount}` : sense;
}
