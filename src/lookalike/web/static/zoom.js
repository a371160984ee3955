// Sheets that fill their panes → enlarged and moved together, by wheel, pinch, drag or by call.

import Panzoom from "./vendor/panzoom/panzoom.js";
import { within } from "./query.js";

const BEYOND = 8; // times the size at which a pixel of the picture is one of the screen
const AT_LEAST = 4; // times the size that fits, for pictures that are small anyway
const NO_LESS_THAN = 2.5; // what a double click enlarges to
const A_DRAG = 5; // CSS pixels; less is a click
const A_SWIPE = 60;
const DOUBLE = 350; // milliseconds between two clicks that are one double click
const WHEEL = 0.0022; // what a pixel of the wheel does to the logarithm of the scale
const LINE = 24; // CSS pixels, for wheels that count in lines
const PINCH = 80; // CSS pixels for which Panzoom adds its `step` to the scale

// `sheets` are elements of panes of one size; `frame` lies in the first and holds the picture.
// `changed({ scale, actual })` is called after each change, `actual` being the scale at which one
// pixel of the picture is one of the screen; `swiped(1)` when a finger has swept to the right, and
// `swiped(-1)` when to the left.
export function zoomOn(sheets, frame, { changed, swiped }) {
  let now = { scale: 1, x: 0, y: 0 };
  let width = 0;
  const panes = sheets.map((sheet) => ({ sheet, pane: sheet.parentElement, zoomer: null, echoes: 0 }));
  for (const one of panes) {
    one.zoomer = Panzoom(one.sheet, {
      cursor: "",
      panOnlyWhenZoomed: true,
      touchAction: "pan-y",
      setTransform: () => heard(one),
    });
    listen(one, { to, toggle, swiped, scale: () => now.scale });
  }

  function actual() {
    const shown = frame.offsetWidth * devicePixelRatio;
    return shown && width ? width / shown : 1;
  }

  // A zoomer that was told to follow calls a frame later, too. It has no wish of its own then, and
  // would undo one that another has had meanwhile.
  function heard(one) {
    if (one.echoes > 0) one.echoes -= 1;
    else follow(one.zoomer);
  }

  function tellZoomer(one, { scale, x, y }) {
    const quietly = { force: true, silent: true };
    const at = one.zoomer.getPan();
    if (one.zoomer.getScale() !== scale) {
      one.echoes += 1;
      one.zoomer.zoom(scale, quietly);
    }
    if (at.x !== x || at.y !== y) {
      one.echoes += 1;
      one.zoomer.pan(x, y, quietly);
    }
  }

  // What one of them wants now becomes that of all, held within bounds. Asked of its state, since
  // the calls come a frame late, perhaps after newer wishes.
  function follow(leader) {
    const wanted = bounded({ scale: leader.getScale(), ...leader.getPan() });
    const same = Object.keys(now).every((name) => now[name] === wanted[name]);
    now = wanted;
    for (const one of panes) {
      one.sheet.style.transform = `scale(${now.scale}) translate(${now.x}px, ${now.y}px)`;
      tellZoomer(one, now);
    }
    if (!same) tell();
  }

  function tell() {
    for (const { zoomer } of panes) {
      // A finger on a picture that fits scrolls the page.
      zoomer.setOptions({ touchAction: now.scale > 1 ? "none" : "pan-y" });
    }
    changed({ scale: now.scale, actual: actual() });
  }

  // What is larger than its pane leaves no gap there, and what is smaller stays where it fits.
  function bounded({ scale, x, y }) {
    const { clientWidth, clientHeight } = panes[0].pane;
    return {
      scale,
      x: along(x, scale, frame.offsetLeft, frame.offsetWidth, clientWidth),
      y: along(y, scale, frame.offsetTop, frame.offsetHeight, clientHeight),
    };
  }

  function limit() {
    const [least, most] = [Math.min(1, actual()), Math.max(AT_LEAST, BEYOND * actual())];
    for (const { zoomer } of panes) zoomer.setOptions({ minScale: least, maxScale: most });
    return [least, most];
  }

  // Around a point of the screen, or the middle. Panzoom's own `zoomToPoint` measures the sheet,
  // which is a frame late when two wishes come in one.
  function to(wanted, point = null, { zoomer, pane } = panes[0]) {
    const [least, most] = limit();
    const scale = within(least, wanted, most);
    const { left, top, width: wide, height: high } = pane.getBoundingClientRect();
    const x = point ? (point.clientX - left - wide / 2) * scale : 0;
    const y = point ? (point.clientY - top - high / 2) * scale : 0;
    zoomer.zoom(scale, { focal: { x, y } });
  }

  function toggle(point, pane) {
    if (now.scale > 1.01) reset();
    else to(Math.max(actual(), NO_LESS_THAN), point, pane);
  }

  // As a whole, in the room that there is now.
  function reset() {
    limit();
    for (const one of panes) tellZoomer(one, { scale: 1, x: 0, y: 0 });
    follow(panes[0].zoomer);
    tell();
  }

  window.addEventListener("resize", () => {
    limit();
    follow(panes[0].zoomer);
    tell();
  });

  return {
    reset,
    tell,
    by: (factor) => to(panes[0].zoomer.getScale() * factor),
    actual: () => to(actual()),
    isZoomed: () => now.scale > 1.001,
    // Fractions of the pane.
    pan: (across, down) => {
      const { zoomer, pane } = panes[0];
      const { clientWidth, clientHeight } = pane;
      const [x, y] = [across * clientWidth, down * clientHeight].map((by) => by / now.scale);
      zoomer.pan(now.x + x, now.y + y);
    },
    // A picture of so many pixels is shown, as a whole.
    begin: (pixels) => {
      width = pixels;
      reset();
    },
  };
}

// Where a side may be, in CSS pixels of the picture that is not enlarged, from the middle.
function along(wanted, scale, start, length, pane) {
  const from = start - pane / 2;
  const middle = from + length / 2;
  if (length * scale <= pane) return middle / scale - middle;
  const half = pane / 2 / scale;
  return within(half - (from + length), wanted, -half - from);
}

function listen(one, { to, toggle, swiped, scale }) {
  const { pane, zoomer } = one;
  const fingers = new Map();
  let first = null;
  let last = { timeStamp: -DOUBLE };

  pane.addEventListener("wheel", (event) => {
    event.preventDefault();
    const pixels = event.deltaY * (event.deltaMode ? LINE : 1);
    to(zoomer.getScale() * Math.exp(-pixels * WHEEL * (event.ctrlKey ? 4 : 1)), event, one);
  }, { passive: false });

  // Before Panzoom sees it: its pinch is by distance, and so becomes one by proportion, under which
  // the picture stays with the fingers.
  pane.addEventListener("pointerdown", (event) => {
    fingers.set(event.pointerId, event);
    first = fingers.size === 1 ? event : null;
    if (fingers.size !== 2) return;
    const [a, b] = [...fingers.values()];
    const apart = Math.max(1, away(a, b));
    zoomer.setOptions({ step: (PINCH * scale()) / apart });
  }, true);

  for (const name of ["pointerup", "pointercancel"]) {
    document.addEventListener(name, (event) => {
      if (!fingers.delete(event.pointerId) || first === null || name === "pointercancel") return;
      const [x, y] = [event.clientX - first.clientX, event.clientY - first.clientY];
      const across = Math.abs(x) > A_SWIPE && Math.abs(x) > 2 * Math.abs(y);
      if (event.pointerType === "touch" && across && scale() <= 1) swiped(Math.sign(x));
    });
  }

  pane.addEventListener("click", (event) => {
    if (first && away(first, event) > A_DRAG) {
      event.stopPropagation(); // it ends a drag
      return;
    }
    const twice = event.timeStamp - last.timeStamp < DOUBLE && away(event, last) < 4 * A_DRAG;
    last = twice ? { timeStamp: -DOUBLE } : event;
    if (twice) toggle(event, one);
  }, true);
}

const away = (a, b) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
