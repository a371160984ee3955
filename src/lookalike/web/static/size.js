// A slider → how high the rows of pictures are, remembered by the browser.

import { byId } from "./dom.js";
import { within } from "./query.js";

const KEY = "lookalike.size";
const USUAL = 150; // pixels
const MOST = 400;
const OF_THE_SCREEN = 0.75; // of its width: beyond, a picture would not get any larger

const slider = byId("size");

// `change(height)` is called while the slider is dragged.
export function listenForSize(change) {
  fit();
  window.addEventListener("resize", fit);
  slider.addEventListener("input", () => {
    tell();
    try {
      localStorage.setItem(KEY, slider.value);
    } catch {
      // A browser that keeps nothing: the size holds for as long as the page is open.
    }
    change(sizeNow());
  });
}

export const sizeNow = () => Number(slider.value);

function fit() {
  slider.max = within(Number(slider.min), Math.round(window.innerWidth * OF_THE_SCREEN), MOST);
  slider.value = remembered();
  tell();
}

function tell() {
  slider.setAttribute("aria-valuetext", `${slider.value} pixels high`);
}

function remembered() {
  try {
    return Number(localStorage.getItem(KEY)) || USUAL;
  } catch {
    return USUAL;
  }
}
