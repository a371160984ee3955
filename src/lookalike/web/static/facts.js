// A picture, its details and what its file says → the lists of facts beside the large view.

import * as api from "./api.js";
import { byId, element } from "./dom.js";
import { bytes, closeness, count, moment, percent, place, printable } from "./text.js";

const LIES = [
  ...["mirrored", "upside down", "upside down, mirrored", "on its side, mirrored"],
  ...["on its side", "on its side, mirrored", "on its side"],
];

const metadata = byId("viewer-metadata");
let asked = null; // { id, signal } of the picture whose file may be asked
let filled = null;

export function listen() {
  metadata.addEventListener("toggle", () => { if (metadata.open) read(); });
}

export function fillFacts(picture, details) {
  const facts = [];
  if ("score" in picture) {
    facts.push(["Score", closeness(picture.score)], ["Distance", closeness(picture.distance)]);
    if (picture.liked !== undefined) facts.push(["Liked", `${percent(picture.liked)} likely`]);
  }
  if (picture.width && picture.height) {
    facts.push(["Dimensions", `${count(picture.width)} × ${count(picture.height)}`]);
  }
  if (details) facts.push(...more(details));
  fill(byId("viewer-facts"), facts);
}

// What the file says is read when somebody wants to see it: at once where the list is open.
export function beginMetadata(id, signal) {
  asked = { id, signal };
  filled = null;
  byId("viewer-said").replaceChildren();
  byId("viewer-skipped").replaceChildren();
  if (metadata.open) read();
}

async function read() {
  if (!asked || filled === asked) return;
  const wanted = asked;
  filled = wanted;
  try {
    const said = await api.metadata(wanted.id, wanted.signal);
    if (wanted !== asked) return;
    const facts = inWords(said);
    fill(byId("viewer-said"), facts);
    tell(facts.length || said.skipped.length ? said.skipped : ["The file says nothing more."]);
  } catch (error) {
    if (error.name !== "AbortError" && wanted === asked) tell([error.message]);
  }
}

function tell(sentences) {
  byId("viewer-skipped").replaceChildren(
    ...sentences.map((sentence) => element("p", { textContent: printable(sentence) })),
  );
}

function fill(list, facts) {
  list.replaceChildren(
    ...facts.flatMap(([term, value]) => [
      element("dt", { textContent: term }),
      element("dd", { textContent: value }),
    ]),
  );
}

function more(details) {
  const facts = [];
  if (details.size) facts.push(["Size", `${bytes(details.size)}, ${printable(details.format)}`]);
  if (details.taken) facts.push(["Taken", moment(details.taken)]);
  if (details.camera) facts.push(["Camera", printable(details.camera)]);
  if (details.latitude !== null && details.longitude !== null) {
    facts.push(["Place", place(details.latitude, details.longitude)]);
  }
  return facts;
}

// Beside what stands in the facts already: when, where and with which camera.
function inWords(said) {
  const short = (number) => String(Number(number.toFixed(1)));
  const facts = {
    Title: said.title,
    Description: said.description,
    Keywords: said.keywords.join(", "),
    Rating: said.rating && (said.rating > 0 ? `${said.rating} of 5` : "thrown out"),
    Lens: said.lens,
    Exposure: said.exposure && seconds(said.exposure),
    Aperture: said.aperture && `f/${short(said.aperture)}`,
    Sensitivity: said.iso && `ISO ${said.iso}`,
    "Focal length": said.focal_length && `${short(said.focal_length)} mm`,
    "In 35 mm film": said.focal_length_35mm && `${said.focal_length_35mm} mm`,
    Flash: said.flash === null ? null : said.flash ? "fired" : "did not fire",
    Altitude: said.altitude !== null && `${count(Math.round(said.altitude))} m`,
    "In the file": said.orientation > 1 && LIES[said.orientation - 2],
    Colours: said.profile,
    Artist: said.artist,
    Copyright: said.copyright,
    Software: said.software,
  };
  return Object.entries(facts)
    .filter(([, value]) => value)
    .map(([term, value]) => [term, printable(value)]);
}

// As cameras write it.
function seconds(exposure) {
  return exposure < 0.4 ? `1/${Math.round(1 / exposure)} s` : `${Number(exposure.toFixed(1))} s`;
}
