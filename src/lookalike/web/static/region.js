// A picture on the page → a box on it that is drawn, moved and resized by pointer or by keys.

import { byId, element } from "./dom.js";
import { within } from "./query.js";

const MIDDLE = [0.25, 0.25, 0.5, 0.5];
const STEP = 0.02;
const LEAST = 0.04; // of a side
const A_DRAG = 5; // pixels; less is a click
const CORNERS = { nw: [0, 0], ne: [1, 0], sw: [0, 1], se: [1, 1] };
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

// `changed(box, settled)` is called with [left, top, width, height] as fractions, null for all of
// the picture; `settled` is false while it is being dragged.
export function regionOn(canvas, changed) {
  let box = null;
  let drag = null;
  const handles = Object.keys(CORNERS).map((corner) => {
    const handle = element("span", { className: `handle ${corner}` });
    handle.dataset.corner = corner;
    return handle;
  });
  const frame = element("div", { className: "region", tabIndex: 0, hidden: true }, ...handles);
  frame.setAttribute("role", "application"); // so that screen readers hand over the arrow keys
  frame.setAttribute("aria-describedby", "region-hint");
  canvas.append(frame);

  function draw(now) {
    box = now;
    frame.hidden = box === null;
    byId("query").classList.toggle("in-part", box !== null);
    byId("region-toggle").querySelector("span").textContent = box ? "All of it" : "Only a part of it";
    if (box === null) return;
    const [left, top, width, height] = box.map((number) => `${number * 100}%`);
    Object.assign(frame.style, { left, top, width, height });
    frame.setAttribute("aria-label", inWords(box));
  }

  function set(now, settled = true) {
    draw(now && rounded(now));
    changed(box, settled);
  }

  function place({ clientX, clientY }) {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return [within(0, (clientX - left) / width, 1), within(0, (clientY - top) / height, 1)];
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary || event.button !== 0) return;
    if (event.pointerType === "touch" && box === null) return; // a finger scrolls the page
    const from = [event.clientX, event.clientY];
    drag = { from, before: box, how: dragFrom(place(event), event.target, box), moved: false };
  });

  canvas.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const away = Math.hypot(event.clientX - drag.from[0], event.clientY - drag.from[1]);
    if (!drag.moved && away < A_DRAG) return;
    if (!drag.moved) canvas.setPointerCapture(event.pointerId);
    drag.moved = true;
    set(drag.how(place(event)), false);
  });

  function drop() {
    if (drag?.moved) {
      changed(box, true);
      frame.focus({ preventScroll: true }); // the arrow keys go on from here
    }
    // The click that ends a drag comes after this, and is none.
    if (drag) setTimeout(() => { drag = null; });
  }

  canvas.addEventListener("pointerup", drop);
  canvas.addEventListener("pointercancel", () => {
    if (drag?.moved) set(drag.before);
    drag = null;
  });
  canvas.addEventListener("click", (event) => {
    if (!drag?.moved && !frame.contains(event.target)) return;
    event.preventDefault();
    event.stopPropagation();
  }, true);

  frame.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in ARROWS)) return;
    event.preventDefault();
    event.stopPropagation();
    const [across, down] = ARROWS[event.key].map((sign) => sign * STEP);
    set(event.shiftKey ? resized(box, across, down) : moved(box, across, down));
  });

  return {
    show: (now) => { if (!drag?.moved) draw(now); },
    begin: () => { set(MIDDLE); frame.focus(); },
    clear: () => set(null),
    has: () => box !== null,
  };
}

// What the point of a drag that goes on makes of the box.
function dragFrom(start, target, box) {
  const corner = target.dataset.corner;
  if (corner) return (point) => between(opposite(box, corner), point);
  if (target.classList.contains("region")) {
    return (point) => moved(box, point[0] - start[0], point[1] - start[1]);
  }
  return (point) => between(start, point);
}

function opposite([left, top, width, height], corner) {
  const [right, bottom] = CORNERS[corner];
  return [right ? left : left + width, bottom ? top : top + height];
}

function between([x, y], [otherX, otherY]) {
  const [left, width] = side(x, otherX);
  const [top, height] = side(y, otherY);
  return [left, top, width, height];
}

function side(fixed, other) {
  const length = Math.max(LEAST, Math.abs(other - fixed));
  return [within(0, other < fixed ? fixed - length : fixed, 1 - length), length];
}

function moved([left, top, width, height], across, down) {
  return [within(0, left + across, 1 - width), within(0, top + down, 1 - height), width, height];
}

function resized([left, top, width, height], across, down) {
  return [left, top, within(LEAST, width + across, 1 - left), within(LEAST, height + down, 1 - top)];
}

// Four digits, as they stand in the address; never beyond the picture because of them.
function rounded([left, top, width, height]) {
  const short = (number) => Number(number.toFixed(4));
  const [x, y] = [short(left), short(top)];
  return [x, y, short(Math.min(width, 1 - x)), short(Math.min(height, 1 - y))];
}

function inWords(box) {
  const [left, top, width, height] = box.map((number) => `${Math.round(number * 100)} %`);
  return `Part of the picture: ${left} from the left, ${top} from the top, ${width} wide, ${height} high`;
}

// The button beside the picture, and Esc wherever nothing else wants it.
export function listenForParts(region) {
  byId("region-toggle").addEventListener("click", () => {
    if (region().has()) region().clear();
    else region().begin();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || !region()?.has()) return;
    if (document.querySelector("dialog[open]")) return;
    const inside = document.activeElement?.classList.contains("region");
    region().clear();
    if (inside) byId("region-toggle").focus();
  });
}
