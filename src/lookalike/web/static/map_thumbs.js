// A view of the plane and an index of its points → a few of their pictures, none over another.

import { element } from "./dom.js";

const CELL = 96; // pixels of a cell's side, up to half as many again
const FULL = 0.88; // of which the picture takes
const RIM = 0.03; // of it, on each side, where no picture is
const CROWD = 40; // points above which a cell shows no picture: it would stand for too many
const MOST = 240;

// `points` is { index, xs, ys, ids, passes }: a KDBush, coordinates from 0 to 1, ids of pictures, and
// which of them may be shown, null for all.
export class Thumbs {
  constructor(layer) {
    this.layer = layer;
    this.shown = new Map(); // point → { image, left, top, side } on the plane
  }

  clear() {
    this.layer.replaceChildren();
    this.shown.clear();
  }

  // Chooses anew; to be called when the view has come to rest.
  choose(view, points) {
    const chosen = this.chosen(view, points);
    for (const [point, { image }] of this.shown) {
      if (!chosen.has(point)) {
        image.remove();
        this.shown.delete(point);
      }
    }
    for (const [point, box] of chosen) {
      const known = this.shown.get(point);
      this.shown.set(point, { image: known?.image ?? this.image(points.ids[point]), ...box });
    }
    this.place(view);
  }

  chosen(view, { index, xs, ys, passes }) {
    const cell = CELL / 2 ** (Math.floor(2 * Math.log2(view.scale)) / 2); // of the plane
    const number = (pixel) => Math.floor(pixel / cell);
    const [left, top] = view.toPlane(0, 0).map(number);
    const [right, bottom] = view.toPlane(view.width, view.height).map(number);
    const inView = index.range(left * cell, top * cell, (right + 1) * cell, (bottom + 1) * cell);
    const cells = new Map();
    for (const point of inView) {
      if (passes && !passes[point]) continue;
      const [column, row] = [number(xs[point]), number(ys[point])];
      const key = row * 1e7 + column;
      const away = Math.hypot(xs[point] - (column + 0.5) * cell, ys[point] - (row + 0.5) * cell);
      const best = cells.get(key);
      if (!best) cells.set(key, { point, away, column, row, crowd: 1 });
      else {
        best.crowd += 1;
        if (away < best.away) Object.assign(best, { point, away });
      }
    }
    const some = [...cells.values()].filter(({ crowd }) => crowd <= CROWD).slice(0, MOST);
    return new Map(some.map(({ point, column, row }) => [point, box(xs[point], ys[point], column, row, cell)]));
  }

  image(id) {
    const image = element("img", { alt: "", decoding: "async", draggable: false });
    image.addEventListener("error", () => { image.hidden = true; });
    image.src = `api/images/${id}/thumbnail`;
    this.layer.append(image);
    return image;
  }

  // Moves what is shown with the view.
  place(view) {
    for (const { image, left, top, side } of this.shown.values()) {
      const [x, y] = view.toPixels(left, top);
      image.style.transform = `translate(${x}px, ${y}px) scale(${side * view.scale / CELL})`;
    }
  }

  // The point whose picture is under a pixel; null where there is none.
  at(view, x, y) {
    const [px, py] = view.toPlane(x, y);
    for (const [point, { image, left, top, side }] of this.shown) {
      const inside = px >= left && px <= left + side && py >= top && py <= top + side;
      if (inside && !image.hidden) return point;
    }
    return null;
  }
}

// Around its point, as far as it does not leave the cell.
function box(x, y, column, row, cell) {
  const side = FULL * cell;
  const within = (middle, number) => (
    Math.min((number + 1 - RIM) * cell - side, Math.max((number + RIM) * cell, middle - side / 2))
  );
  return { left: within(x, column), top: within(y, row), side };
}
