// The page of the models: the present one and another, what they share, and a switch.

import * as api from "./api.js";
import { announce, byId, calm, complain, element } from "./dom.js";
import { count, nameOf, pictures } from "./text.js";

const FIGURES = ["p_at_1", "p_at_10", "map"];
const SOURCES = { tags: "tags", folders: "folders", file: "a file" };

let models = null;
let newest = 0; // the last question; answers to earlier ones come too late

const percent = (part) => `${Math.round(100 * part)} %`;
// A model of somebody's own is named by the path of its file.
const shortOf = (model) => model.split(/[\\/]/).at(-1);
const chosen = () => byId("model").value;
const asked = () => new URLSearchParams(location.search).get("like");

// ---- what there is

async function begin() {
  models = await api.upgrades();
  const { beside } = models;
  byId("summary").textContent = `${pictures(models.images)} compared by ${shortOf(models.model)}, `
    + `${count(models.dim)} numbers each.${blanks(models.blank)}`;
  byId("none").hidden = beside.length > 0;
  byId("choices").hidden = beside.length === 0;
  byId("answers").hidden = true;
  byId("model").replaceChildren(
    ...beside.map(({ model }) => element("option", { value: model, textContent: shortOf(model), title: model })),
  );
  if (beside.length) await choose();
  else for (const id of ["overlap", "missing"]) byId(id).textContent = "";
}

const blanks = (number) => (
  number ? ` ${pictures(number)} without a vector: “lookalike index” makes it once the files can be read.` : ""
);

async function choose() {
  const { missing } = models.beside.find(({ model }) => model === chosen());
  byId("missing").textContent = missing
    ? `${pictures(missing)} without a vector of ${shortOf(chosen())}: “lookalike upgrade build” goes on.`
    : "";
  byId("switch").disabled = missing > 0;
  await Promise.all([compare(), answer()]);
}

// ---- all pictures

async function compare() {
  const model = chosen();
  byId("figures").hidden = true;
  byId("overlap").textContent = "Comparing…";
  const found = await attempt(() => api.compareModels(model));
  if (model !== chosen()) return;
  byId("overlap").textContent = found
    ? `Of the ${found.k} nearest of ${pictures(found.queries)}, ${percent(found.overlap)} are the same with both.`
    : "";
  if (found?.judged) figures(found);
}

function figures({ present, other, judged }) {
  byId("figures-caption").textContent = `By ${SOURCES[judged.labels]}, of ${pictures(judged.pictures)}: how well those of one label find each other.`;
  byId("figures-rows").replaceChildren(row(present, judged.present), row(other, judged.other));
  byId("figures").hidden = false;
}

function row(model, its) {
  const head = element("th", { scope: "row", textContent: shortOf(model) });
  return element("tr", {}, head, ...FIGURES.map((name) => element("td", { textContent: its[name].toFixed(3) })));
}

// ---- one picture

async function answer() {
  const question = newest += 1;
  const pair = await attempt(() => api.sideBySide(chosen(), asked()));
  if (!pair || question !== newest) return;
  const { picture, present, other, shared } = pair;
  byId("asked").src = picture.thumbnail;
  byId("asked-said").textContent = `${nameOf(picture)}: ${count(shared)} of ${count(present.hits.length)} answers are the same.`;
  side("present", present, "now");
  side("other", other, "instead");
  byId("answers").hidden = false;
  announce(byId("asked-said").textContent);
}

function side(id, { model, hits }, when) {
  byId(`${id}-title`).textContent = `${shortOf(model)}, ${when}`;
  byId(id).replaceChildren(...hits.map((hit) => element("li", {}, tile(hit))));
}

function tile(hit) {
  const name = nameOf(hit);
  const shared = hit.shared ? " · both" : "";
  const made = element("button", { type: "button", className: hit.shared ? "answer shared" : "answer", title: name });
  const image = element("img", { alt: `${name}: ask with it`, loading: "lazy", decoding: "async" });
  image.src = hit.thumbnail;
  made.dataset.id = hit.id;
  made.append(image, element("span", { textContent: `${hit.score.toFixed(3)}${shared}` }));
  made.addEventListener("click", () => show(hit.id));
  return made;
}

function show(id) {
  history.pushState(null, "", id === null ? location.pathname : `?like=${id}`);
  byId("answers").focus({ preventScroll: false });
  answer();
}

// ---- the switch

function ask() {
  byId("sure-title").textContent = `Switch to ${shortOf(chosen())}?`;
  byId("sure").returnValue = "";
  byId("sure").showModal();
}

async function decided() {
  if (byId("sure").returnValue !== "yes") return;
  const button = byId("switch");
  button.disabled = true;
  const done = await attempt(() => api.switchModel(chosen()));
  button.disabled = false;
  if (!done) return;
  announce(`${pictures(done.images)} are compared by ${shortOf(done.model)} from now on.`);
  await attempt(begin);
}

async function attempt(work) {
  try {
    const done = await work();
    calm();
    return done;
  } catch (error) {
    complain(error.message);
    return null;
  }
}

byId("model").addEventListener("change", () => attempt(choose));
byId("another").addEventListener("click", () => show(null));
byId("switch").addEventListener("click", ask);
byId("sure").addEventListener("close", decided);
byId("notice-close").addEventListener("click", calm);
window.addEventListener("popstate", answer);
attempt(begin);
