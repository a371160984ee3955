// Small pieces of the page that several of its parts need.

export const byId = (id) => document.getElementById(id);

export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

const ICONS = new URL("icons.svg", import.meta.url).href;
const SVG = "http://www.w3.org/2000/svg";

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${ICONS}#${name}`);
  svg.append(use);
  return svg;
}

// Read to people who cannot see the page change.
export function announce(sentence) {
  byId("announcer").textContent = sentence;
}

export function complain(sentence) {
  byId("notice-text").textContent = sentence;
  byId("notice").hidden = false;
}

export function calm() {
  byId("notice").hidden = true;
  byId("notice-text").textContent = "";
}

const restoring = new WeakMap();

// Browsers offer the clipboard only on secure addresses; a page opened from another machine of
// the house falls back to a selection.
export async function copy(text, button) {
  const label = button.querySelector("span");
  label.dataset.words ??= label.textContent;
  let done = false;
  if (navigator.clipboard) {
    done = await navigator.clipboard.writeText(text).then(() => true, () => false);
  }
  label.textContent = done || copySelection(text, button.parentElement) ? "Copied" : "Not allowed";
  announce(label.textContent);
  clearTimeout(restoring.get(label));
  restoring.set(label, setTimeout(() => { label.textContent = label.dataset.words; }, 1600));
}

function copySelection(text, parent) {
  const area = element("textarea", { value: text, className: "hidden" });
  const focused = document.activeElement;
  parent.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  focused?.focus();
  return done;
}

// Whether what is typed or pasted there is text.
export const writesIn = (target) => Boolean(
  target.closest?.("input:not([type=checkbox]):not([type=range]):not([type=radio]), textarea, select"),
);
