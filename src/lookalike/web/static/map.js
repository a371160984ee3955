// The page of the map: its points and pictures, what is selected on it, and its clusters.

import * as api from "./api.js";
import { announce, byId, calm, complain, element, icon } from "./dom.js";
import { filterNow, filterPoints, firstPage, listenForFilters, markedAnew } from "./map_filter.js";
import { inside, mostCentral } from "./map_lasso.js";
import { FAINT, painter, PICKED, PLAIN } from "./map_points.js";
import { Thumbs } from "./map_thumbs.js";
import { View } from "./map_view.js";
import { ofPictures, toAddress } from "./query.js";
import { listenForSelection, select, selected } from "./selection.js";
import { count, folderOf, nameOf, pictures } from "./text.js";
import KDBush from "./vendor/kdbush/kdbush.js";

const AGAIN = 1000; // milliseconds between two looks at how far the drawing is
const REST = 120; // milliseconds after which a view that moves gets other pictures
const FRAME = 16; // milliseconds
const MARKED = 300; // milliseconds after the last of several marks, when names may be others
const REACH = 14; // pixels around the pointer in which a point is meant
const SECONDS = [10, 0.005]; // that a map takes on one core: for itself, and for each picture
const DOING = { reading: "Reading", arranging: "Laying out the map", placing: "Placing pictures" };
const GREY = [140, 135, 127];

const canvas = byId("points");
const paint = painter(canvas);
const thumbs = new Thumbs(byId("thumbs"));
const dark = matchMedia("(prefers-color-scheme: dark)");
let points = null; // { index, xs, ys, ids, clusters, passes }: a byte each, null without a filter
let clusters = [];
let version = null;
let drawn = false; // whether a frame is waited for
let choosing = 0;
let slow = false; // whether choosing pictures would be noticed in a frame
let pointed = null;
let told = null; // what the server said of the map last
let naming = null;
let listed = ""; // the clusters as they are listed

const view = new View(canvas, { changed, tapped, hovered, drawing, drawn: lassoed });

// ---- drawing

function changed() {
  if (!points || drawn) return;
  drawn = true;
  requestAnimationFrame(() => {
    drawn = false;
    draw();
  });
}

function draw() {
  paint.draw(view, pointSize(), dark.matches ? [255, 255, 255] : [20, 20, 19]);
  thumbs.place(view);
  canvas.dataset.closeness = view.closeness.toFixed(3);
  if (slow) { // then only when the view has come to rest
    clearTimeout(choosing);
    choosing = 0;
  }
  choosing ||= setTimeout(() => {
    choosing = 0;
    const begun = performance.now();
    thumbs.choose(view, points);
    slow = performance.now() - begun > FRAME / 2;
  }, REST);
}

// Few points are large, many small; all grow as one comes closer.
function pointSize() {
  const room = Math.sqrt(view.whole ** 2 / points.ids.length);
  return Math.min(14, Math.max(2.5, 0.3 * room) * Math.max(1, view.closeness) ** 0.35);
}

function colourOf(cluster) {
  if (cluster < 0) return GREY;
  const [hue, light] = [(cluster * 137.508) % 360, 0.5 + 0.12 * (cluster % 3 - 1)];
  const part = (shift) => {
    const at = (shift + hue / 30) % 12;
    return Math.round(255 * (light - 0.6 * Math.min(light, 1 - light) * Math.max(-1, Math.min(at - 3, 9 - at, 1))));
  };
  return [part(0), part(8), part(4)];
}

function take({ side, ids, x, y, clusters: numbers }) {
  const index = new KDBush(ids.length, 64, Float32Array);
  const [xs, ys] = [new Float32Array(ids.length), new Float32Array(ids.length)];
  const [places, colours] = [new Uint16Array(2 * ids.length), new Uint8Array(3 * ids.length)];
  const palette = new Map();
  ids.forEach((_, point) => {
    xs[point] = x[point] / side;
    ys[point] = 1 - y[point] / side;
    index.add(xs[point], ys[point]);
    places.set([x[point], side - y[point]], 2 * point);
    const cluster = numbers[point];
    if (!palette.has(cluster)) palette.set(cluster, colourOf(cluster));
    colours.set(palette.get(cluster), 3 * point);
  });
  index.finish();
  points = { index, xs, ys, ids, clusters: numbers, passes: null };
  canvas.dataset.points = ids.length;
  canvas.setAttribute("aria-label", `Map of ${pictures(ids.length)}`);
  thumbs.clear();
  paint.fill(places, colours);
  const there = new Set(ids);
  select(selected().filter(({ id }) => there.has(id)));
  filterPoints(ids);
}

// What does not pass is faint, and out of reach.
const reachable = (some) => (points.passes ? some.filter((point) => points.passes[point]) : some);

function filtered(passes) {
  if (!points) return;
  points.passes = passes;
  for (const id of ["home", "none-home"]) byId(id).href = firstPage();
  canvas.dataset.passing = passes ? passes.reduce((sum, one) => sum + one, 0) : points.ids.length;
  const places = pointsOf(selected());
  select(picturesAt(reachable(places)));
  showCard(null);
  listClusters();
  if (told) sayState(told);
}

// ---- what is under the pointer

function pointAt(x, y) {
  const shown = thumbs.at(view, x, y);
  if (shown !== null) return shown;
  const [px, py] = view.toPlane(x, y);
  const near = reachable(points.index.within(px, py, REACH / view.scale));
  const away = (point) => Math.hypot(points.xs[point] - px, points.ys[point] - py);
  return near.length ? near.reduce((best, one) => (away(one) < away(best) ? one : best)) : null;
}

const addressOf = (id) => firstPage([`like=${id}`]);

function tapped(x, y, event) {
  const point = points && pointAt(x, y);
  if (point === null) {
    showCard(null);
  } else if (event.pointerType === "mouse") {
    location.href = addressOf(points.ids[point]);
  } else {
    showCard(point);
  }
}

function hovered(place) {
  if (!points) return;
  const point = place && pointAt(...place);
  canvas.classList.toggle("over", point !== null);
  if (place) showCard(point);
}

// The picture that is pointed at, with its name.
async function showCard(point) {
  if (point === pointed) return;
  pointed = point;
  byId("card").hidden = point === null;
  if (point === null) return;
  const id = points.ids[point];
  const image = element("img", { alt: "", src: `api/images/${id}/thumbnail` });
  image.addEventListener("error", () => image.replaceWith(icon("picture")));
  const link = element("a", { href: addressOf(id) }, "More like this");
  byId("card").replaceChildren(image, element("div", {}, link));
  const picture = await api.details(id).catch(() => null);
  if (point !== pointed || !picture) return;
  link.before(
    element("strong", { textContent: nameOf(picture) }),
    element("span", { className: "quiet", textContent: folderOf(picture) }),
  );
}

// ---- selecting

function drawing(line) {
  byId("lasso").setAttribute("points", line ? line.map((one) => one.join(",")).join(" ") : "");
}

function lassoed(line, event) {
  if (!points) return;
  const found = picturesAt(reachable(inside(line.map((one) => view.toPlane(...one)), points)));
  const adds = event.shiftKey && view.lasso;
  select(adds ? [...selected(), ...found] : found);
  announce(found.length ? `${pictures(selected().length)} selected.` : "Nothing is selected.");
}

const picturesAt = (some) => some.map((point) => ({ id: points.ids[point] }));

function showSelected(some) {
  canvas.dataset.selected = some.length;
  const ids = new Set(some.map(({ id }) => id));
  const stateOf = (id, point) => (ids.has(id) ? PICKED : points.passes?.[point] === 0 ? FAINT : PLAIN);
  paint.choose(Uint8Array.from(points.ids, stateOf), some.length > 0);
  changed();
}

function pointsOf(some) {
  const places = new Map(points.ids.map((id, point) => [id, point]));
  return some.map(({ id }) => places.get(id));
}

// ---- clusters

function listClusters() {
  const key = JSON.stringify([version, clusters, clusters.map(sizeOf)]);
  if (key === listed) return; // what has the focus there keeps it
  listed = key;
  byId("clusters").replaceChildren(...clusters.map((cluster, number) => {
    const swatch = element("span", { className: "swatch" });
    swatch.style.backgroundColor = `rgb(${colourOf(number).join(" ")})`;
    const go = element("button", { type: "button", className: "go" },
      ...(cluster.middle ? [middleOf(cluster)] : []),
      element("span", { className: "words" },
        ...(cluster.name ? [element("strong", { textContent: printed(cluster.name) })] : []),
        element("span", { className: "quiet", textContent: sizeOf(cluster, number) })),
      swatch);
    go.addEventListener("click", () => goTo(number));
    const pick = element("button", { type: "button", className: "round", title: "Select these" }, icon("lasso"));
    pick.setAttribute("aria-label", `Select the ${pictures(cluster.images)}${cluster.name ? ` of ${printed(cluster.name)}` : ""}`);
    pick.disabled = reachable(membersOf(number)).length === 0;
    pick.addEventListener("click", () => {
      select(picturesAt(reachable(membersOf(number))));
      announce(`${pictures(selected().length)} selected.`);
    });
    return element("li", {}, go, pick);
  }));
}

function sizeOf({ images }, number) {
  if (!points.passes) return pictures(images);
  return `${count(reachable(membersOf(number)).length)} of ${pictures(images)}`;
}

function middleOf({ middle }) {
  const image = element("img", { alt: "", loading: "lazy", src: middle.thumbnail });
  image.addEventListener("error", () => image.replaceWith(icon("picture")));
  return image;
}

function membersOf(number) {
  const found = [];
  points.clusters.forEach((cluster, point) => { if (cluster === number) found.push(point); });
  return found;
}

function goTo(number) {
  const found = membersOf(number);
  const edges = (values) => found.map((point) => values[point]).sort((a, b) => a - b);
  const [xs, ys] = [edges(points.xs), edges(points.ys)];
  const [low, high] = [Math.floor(0.02 * found.length), Math.ceil(0.98 * found.length) - 1];
  view.goTo(xs[low], ys[low], xs[high], ys[high]);
  announce(`The map shows ${clusters[number].name ? printed(clusters[number].name) : `cluster ${number + 1}`}.`);
}

const printed = (name) => nameOf({ relative: name });

// ---- what is there

async function refresh() {
  const state = await api.map();
  const { drawing: step, images, waiting } = state;
  progress(step);
  if (state.trouble) complain(state.trouble);
  byId("map").hidden = images === 0;
  sayNone(state);
  if (images && state.points !== version) await show(state);
  else if (images) nameClusters(state);
  if (images) sayState(state);
  byId("update").hidden = !waiting || Boolean(step);
  if (step) {
    await new Promise((go) => { setTimeout(go, AGAIN); });
    await refresh();
  }
}

async function show(state) {
  const answer = await api.mapPoints();
  const first = version === null;
  version = state.points;
  take(answer);
  if (first) {
    view.measure();
    view.all();
  }
  nameClusters(state);
}

// Marks change names, and leave the points as they are.
function nameClusters(state) {
  clusters = state.clusters;
  listClusters();
}

function sayState(state) {
  const { images, waiting, method, install, drawing: step } = told = state;
  const groups = clusters.length === 1 ? "1 cluster" : `${count(clusters.length)} clusters`;
  const rest = waiting ? `; ${pictures(waiting)} ${waiting === 1 ? "has" : "have"} no place yet` : "";
  byId("state").textContent = step ? inWords(step) : `${pictures(images)}, ${groups}${rest}.${passing()}`;
  byId("plain").hidden = method !== "components" || !install;
  byId("install").textContent = install ?? "";
}

function passing() {
  if (!points?.passes) return "";
  const number = Number(canvas.dataset.passing);
  return ` ${count(number)} of them ${number === 1 ? "passes" : "pass"} the filters.`;
}

function inWords({ doing, done, total }) {
  return total ? `${DOING[doing]}: ${count(done)} of ${count(total)}` : `${DOING[doing]} …`;
}

function progress(step) {
  const bar = byId("progress");
  bar.hidden = !step;
  if (!step) return;
  bar.max = Math.max(1, step.total);
  bar.value = step.done;
}

// What stands in place of the map where there is none.
function sayNone({ images, waiting, drawing: step }) {
  byId("none").hidden = images > 0;
  byId("draw").hidden = waiting === 0 || Boolean(step);
  byId("none-title").textContent = waiting ? (step ? "The map is being drawn" : "There is no map yet")
    : "There are no pictures yet";
  const minutes = Math.ceil((SECONDS[0] + SECONDS[1] * waiting) / 60);
  const about = minutes === 1 ? "a minute" : `${count(minutes)} minutes`;
  byId("none-text").textContent = step ? inWords(step)
    : waiting ? `${pictures(waiting)} take about ${about}; everything else goes on meanwhile.`
      : "As soon as some are indexed, they can be laid out here, similar ones together.";
}

async function begin() {
  await api.drawMap();
  await refresh();
  announce("The map is drawn.");
}

const complaining = (act) => async () => {
  calm();
  await act().catch((error) => complain(error.message));
};

byId("draw").addEventListener("click", complaining(begin));
byId("update").addEventListener("click", complaining(begin));
byId("notice-close").addEventListener("click", calm);
listenForFilters(filtered);
// Marks change what passes, and what clusters are called.
document.addEventListener("marked", () => {
  clearTimeout(naming);
  naming = setTimeout(() => { markedAnew(); complaining(refresh)(); }, MARKED);
});
listenForSelection({
  change: showSelected,
  search: (some) => location.assign(`./${toAddress(ofPictures(some, { filter: filterNow(), way: {} }))}`),
  mostCentral: (some, most) => picturesAt(mostCentral(pointsOf(some), points, most)),
});
byId("closer").addEventListener("click", () => view.zoom(2));
byId("further").addEventListener("click", () => view.zoom(0.5));
byId("all").addEventListener("click", () => view.all());
byId("lasso-toggle").addEventListener("click", () => {
  view.lasso = !view.lasso;
  byId("lasso-toggle").setAttribute("aria-pressed", view.lasso);
  canvas.classList.toggle("selecting", view.lasso);
});
dark.addEventListener("change", changed);
complaining(refresh)();
