// Pointers, the wheel and keys on an element → which part of the plane is seen, a drawn line, a tap.

const STEP = 80; // pixels that an arrow key moves
const ZOOM = 1.5;
const DEEPEST = 4000; // times closer than all of it
const STILL = 5; // pixels within which a press is a tap
const GLIDE = 350; // milliseconds
const RIM = 50; // around all of the plane, for the pictures at its edge
const LINE = 16; // pixels of a wheel that counts in lines

const gentle = matchMedia("(prefers-reduced-motion: reduce)");

// The plane is a square from 0 to 1 with y downwards. `changed()` is called when another part of
// it is seen, `tapped(x, y, event)` and `hovered(x, y)` in pixels of the element, `drawing(line)`
// and `drawn(line, event)` with a line of such pixels that was drawn to select.
export class View {
  constructor(element, told) {
    this.element = element;
    this.told = told;
    this.lasso = false; // whether dragging draws a line without Shift, too
    this.pointers = new Map();
    this.line = null;
    this.glide = 0;
    this.measure();
    this.all();
    this.listen();
  }

  measure() {
    const { clientWidth: width, clientHeight: height } = this.element;
    [this.width, this.height] = [Math.max(width, 1), Math.max(height, 1)];
    const side = Math.min(this.width, this.height);
    this.whole = Math.max(0.5 * side, side - 2 * RIM); // pixels of the plane's side
  }

  // How many times closer than all of it.
  get closeness() { return this.scale / this.whole; }

  toPlane(x, y) {
    return [this.x + (x - this.width / 2) / this.scale, this.y + (y - this.height / 2) / this.scale];
  }

  toPixels(x, y) {
    return [(x - this.x) * this.scale + this.width / 2, (y - this.y) * this.scale + this.height / 2];
  }

  all() { this.show(0.5, 0.5, this.whole); }

  show(x, y, scale) {
    this.scale = Math.min(DEEPEST * this.whole, Math.max(0.5 * this.whole, scale));
    this.x = Math.min(1, Math.max(0, x));
    this.y = Math.min(1, Math.max(0, y));
    this.told.changed();
  }

  resized() {
    const close = this.closeness;
    this.measure();
    this.show(this.x, this.y, close * this.whole);
  }

  move(right, down) {
    this.show(this.x + right / this.scale, this.y + down / this.scale, this.scale);
  }

  // Zoom so that what is under a pixel stays there.
  zoom(times, x = this.width / 2, y = this.height / 2) {
    const [px, py] = this.toPlane(x, y);
    const scale = Math.min(DEEPEST * this.whole, Math.max(0.5 * this.whole, this.scale * times));
    this.show(px - (x - this.width / 2) / scale, py - (y - this.height / 2) / scale, scale);
  }

  // Glide to a box of the plane.
  goTo(left, top, right, bottom) {
    const scale = 0.7 * Math.min(this.width / (right - left || 0.001), this.height / (bottom - top || 0.001));
    const [x, y] = [(left + right) / 2, (top + bottom) / 2];
    const from = { x: this.x, y: this.y, scale: this.scale };
    const to = Math.min(scale, 400 * this.whole);
    cancelAnimationFrame(this.glide);
    if (gentle.matches) {
      this.show(x, y, to);
      return;
    }
    const begun = performance.now();
    const frame = (now) => {
      const part = Math.min(1, Math.max(0, (now - begun) / GLIDE));
      const done = part * part * (3 - 2 * part);
      this.show(from.x + (x - from.x) * done, from.y + (y - from.y) * done, from.scale * (to / from.scale) ** done);
      if (part < 1) this.glide = requestAnimationFrame(frame);
    };
    this.glide = requestAnimationFrame(frame);
  }

  // ---- what a person does

  listen() {
    const on = (name, act, how) => this.element.addEventListener(name, act.bind(this), how);
    on("pointerdown", this.down);
    on("pointermove", this.moved);
    on("pointerup", this.up);
    on("pointercancel", this.lost);
    on("pointerleave", () => this.told.hovered(null));
    on("wheel", this.wheel, { passive: false });
    on("keydown", this.key);
    new ResizeObserver(() => this.resized()).observe(this.element);
  }

  at(event) {
    const box = this.element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  down(event) {
    if (event.button !== 0) return;
    cancelAnimationFrame(this.glide);
    this.element.setPointerCapture(event.pointerId);
    const place = this.at(event);
    this.pointers.set(event.pointerId, { place, begun: place, still: true });
    const alone = this.pointers.size === 1;
    this.line = alone && (this.lasso || event.shiftKey) ? [place] : null;
    if (!alone) this.told.drawing(null);
  }

  moved(event) {
    const place = this.at(event);
    const pointer = this.pointers.get(event.pointerId);
    if (!pointer) {
      if (event.pointerType === "mouse") this.told.hovered(place);
      return;
    }
    const before = pointer.place;
    const away = Math.hypot(place[0] - pointer.begun[0], place[1] - pointer.begun[1]);
    if (away > STILL) pointer.still = false;
    if (this.line) {
      pointer.place = place;
      this.line.push(place);
      this.told.drawing(this.line);
    } else if (this.pointers.size === 1) {
      if (pointer.still) return;
      pointer.place = place;
      this.move(before[0] - place[0], before[1] - place[1]);
    } else {
      this.pinch(event.pointerId, before, place);
      pointer.place = place;
    }
  }

  pinch(moving, before, place) {
    const other = [...this.pointers].find(([id]) => id !== moving)[1];
    other.still = false;
    const apart = (one) => Math.max(1, Math.hypot(one[0] - other.place[0], one[1] - other.place[1]));
    const middle = (one) => [(one[0] + other.place[0]) / 2, (one[1] + other.place[1]) / 2];
    const [from, to] = [middle(before), middle(place)];
    this.move(from[0] - to[0], from[1] - to[1]);
    this.zoom(apart(place) / apart(before), ...to);
  }

  up(event) {
    const pointer = this.pointers.get(event.pointerId);
    if (!pointer) return;
    this.pointers.delete(event.pointerId);
    const { line } = this;
    this.line = null;
    if (line) this.told.drawing(null);
    if (pointer.still && this.pointers.size === 0) this.told.tapped(...pointer.begun, event);
    else if (line) this.told.drawn(line, event);
  }

  lost(event) {
    this.pointers.delete(event.pointerId);
    this.line = null;
    this.told.drawing(null);
  }

  wheel(event) {
    event.preventDefault();
    cancelAnimationFrame(this.glide);
    const turned = event.deltaY * (event.deltaMode === 1 ? LINE : 1);
    this.zoom(Math.exp(-turned * (event.ctrlKey ? 0.01 : 0.002)), ...this.at(event));
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const acts = {
      ArrowLeft: () => this.move(-STEP, 0),
      ArrowRight: () => this.move(STEP, 0),
      ArrowUp: () => this.move(0, -STEP),
      ArrowDown: () => this.move(0, STEP),
      "+": () => this.zoom(ZOOM),
      "=": () => this.zoom(ZOOM),
      "-": () => this.zoom(1 / ZOOM),
      0: () => this.all(),
    };
    if (!(event.key in acts)) return;
    event.preventDefault();
    cancelAnimationFrame(this.glide);
    acts[event.key]();
  }
}
