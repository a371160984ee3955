// Points of the plane, their colours and which are selected → drawn on a canvas: by a graphics card
// (WebGL 2), or by hand where there is none.

const VERTEX = `#version 300 es
in vec2 place; in vec3 colour; in float chosen;
uniform vec2 scale; uniform vec2 offset; uniform float size; uniform float some; uniform vec3 accent;
out vec4 tint;
void main() {
  gl_Position = vec4(place * scale + offset, 0.0, 1.0);
  bool picked = chosen == 1.0;
  gl_PointSize = picked ? size * 1.3 + 1.0 : size;
  tint = vec4(picked ? accent : colour, picked ? 1.0 : chosen == 2.0 ? 0.1 : some > 0.5 ? 0.3 : 0.85);
}`;

// What a point is besides its colour.
export const [PLAIN, PICKED, FAINT] = [0, 1, 2];

const FRAGMENT = `#version 300 es
precision mediump float;
in vec4 tint; out vec4 painted;
void main() {
  float away = length(gl_PointCoord - 0.5);
  if (away > 0.5) discard;
  painted = vec4(tint.rgb, 1.0) * tint.a * smoothstep(0.5, 0.4, away);
}`;

// `places` holds x and y of each point, from 0 to 65535, y downwards; `colours` three bytes each.
// A painter has `fill(places, colours)`, `choose(chosen, some)` with one of the three above for each,
// and whether some are picked, and `draw(view, size, accent)`, the size in pixels of the page.
export function painter(canvas) {
  const gl = hasCard() ? canvas.getContext("webgl2", { antialias: false }) : null;
  canvas.dataset.drawn = gl ? "by graphics" : "by hand";
  return gl ? new ByGraphics(canvas, gl) : new ByHand(canvas);
}

// Where the processor plays a graphics card, writing the pixels is four times as quick.
function hasCard() {
  const gl = document.createElement("canvas").getContext("webgl2", { failIfMajorPerformanceCaveat: true });
  if (!gl) return false;
  let name = gl.getParameter(gl.RENDERER);
  if (name === "WebKit WebGL") { // Chromium and Safari tell it only so
    const told = gl.getExtension("WEBGL_debug_renderer_info");
    if (told) name = gl.getParameter(told.UNMASKED_RENDERER_WEBGL);
  }
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return !/swiftshader|llvmpipe|softpipe|software|basic render/i.test(name);
}

function fit(canvas, view) {
  const dense = Math.min(devicePixelRatio || 1, 2);
  const [width, height] = [Math.round(view.width * dense), Math.round(view.height * dense)];
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  return dense;
}

class ByGraphics {
  constructor(canvas, gl) {
    this.canvas = canvas;
    this.gl = gl;
    this.count = 0;
    this.some = false;
    this.begin();
    canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    canvas.addEventListener("webglcontextrestored", () => {
      this.begin();
      this.fill(this.places, this.colours);
      this.choose(this.chosen, this.some);
    });
  }

  begin() {
    const { gl } = this;
    const program = gl.createProgram();
    for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    gl.useProgram(program);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    this.at = Object.fromEntries(["scale", "offset", "size", "some", "accent"]
      .map((name) => [name, gl.getUniformLocation(program, name)]));
    this.buffers = [
      ["place", 2, gl.UNSIGNED_SHORT], ["colour", 3, gl.UNSIGNED_BYTE], ["chosen", 1, gl.UNSIGNED_BYTE],
    ].map(([name, numbers, kind]) => {
      const buffer = gl.createBuffer();
      const attribute = gl.getAttribLocation(program, name);
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.enableVertexAttribArray(attribute);
      gl.vertexAttribPointer(attribute, numbers, kind, name !== "chosen", 0, 0);
      return buffer;
    });
  }

  put(number, content) {
    const { gl } = this;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[number]);
    gl.bufferData(gl.ARRAY_BUFFER, content, gl.STATIC_DRAW);
  }

  fill(places, colours) {
    [this.places, this.colours, this.count] = [places, colours, places.length / 2];
    this.put(0, places);
    this.put(1, colours);
    this.choose(new Uint8Array(this.count), false);
  }

  choose(chosen, some) {
    [this.chosen, this.some] = [chosen, some];
    this.put(2, chosen);
  }

  draw(view, size, accent) {
    const { gl, at } = this;
    const dense = fit(this.canvas, view);
    const [right, up] = [2 * view.scale / view.width, 2 * view.scale / view.height];
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.uniform2f(at.scale, right, -up);
    gl.uniform2f(at.offset, -view.x * right, view.y * up);
    gl.uniform1f(at.size, size * dense);
    gl.uniform1f(at.some, this.some ? 1 : 0);
    gl.uniform3f(at.accent, ...accent.map((part) => part / 255));
    gl.drawArrays(gl.POINTS, 0, this.count);
  }
}

// Squares written into the pixels: some milliseconds for a hundred thousand.
class ByHand {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.count = 0;
  }

  fill(places, colours) {
    [this.places, this.colours, this.count] = [places, colours, places.length / 2];
    this.choose(new Uint8Array(this.count), false);
  }

  choose(chosen, some) {
    [this.chosen, this.some, this.shades] = [chosen, some, null];
    this.order = ordered(chosen);
  }

  draw(view, size, accent) {
    const dense = fit(this.canvas, view);
    const { width, height } = this.canvas;
    if (this.accent !== accent.join() || !this.shades) this.shade(accent);
    const image = this.context.createImageData(width, height);
    const pixels = new Uint32Array(image.data.buffer);
    const scale = dense * view.scale;
    const [left, top] = [width / 2 - view.x * scale, height / 2 - view.y * scale];
    const side = Math.max(1, Math.round(size * dense));
    const { places, shades, count, order } = this;
    for (let at = 0; at < count; at += 1) {
      const point = order ? order[at] : at;
      const x = Math.round(places[2 * point] / 65535 * scale + left - side / 2);
      const y = Math.round(places[2 * point + 1] / 65535 * scale + top - side / 2);
      if (x < 0 || y < 0 || x + side > width || y + side > height) continue;
      const end = (y + side) * width;
      for (let row = y * width + x; row < end; row += width) {
        for (let pixel = row; pixel < row + side; pixel += 1) pixels[pixel] = shades[point];
      }
    }
    this.context.putImageData(image, 0, 0);
  }

  // The pixels of the points, once for all frames until another selection or theme.
  shade(accent) {
    const { chosen, colours, some, count } = this;
    this.accent = accent.join();
    this.shades = new Uint32Array(count);
    for (let point = 0; point < count; point += 1) {
      const [from, at] = chosen[point] === PICKED ? [accent, 0] : [colours, 3 * point];
      const solid = chosen[point] === FAINT ? 30 : chosen[point] || !some ? 255 : 77;
      this.shades[point] = (solid << 24) | (from[at + 2] << 16) | (from[at + 1] << 8) | from[at];
    }
  }
}

// What is faint lies below all else; null where nothing is.
function ordered(chosen) {
  if (!chosen.includes(FAINT)) return null;
  const order = new Uint32Array(chosen.length);
  let at = 0;
  chosen.forEach((state, point) => { if (state === FAINT) order[at++] = point; });
  chosen.forEach((state, point) => { if (state !== FAINT) order[at++] = point; });
  return order;
}
