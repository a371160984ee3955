// The page of duplicates: groups, the best of each, what differs, and what a person decides.

import * as api from "./api.js";
import { announce, byId, calm, complain, copy, element, icon } from "./dom.js";
import { bytes, count, folderOf, nameOf, pictures } from "./text.js";

const AT_ONCE = 20;
const MANY = 100; // groups asked for at once where only their paths are wanted
const AGAIN = 1000; // milliseconds

const WHY = {
  untouched: "no border, nothing changed",
  pixels: "most pixels",
  bytes: "most bytes",
  oldest: "oldest file",
  path: "first by path",
};
const DOING = { looking: "Looking at pictures", comparing: "Comparing pictures" };

let next = 0;
let asked = false; // a search that ended with pictures left over is not begun again by itself
let newest = 0; // the last question; answers to earlier ones come too late

// ---- words

function said(picture) {
  const words = {
    exact: "same content",
    cropped: `cropped to ${percent(picture.shown)}`,
    extended: `shows more; ${percent(picture.shown)} is the same`,
    bordered: "with a border",
    turned: `turned by ${picture.turned}°`,
    edited: "partly changed",
  };
  return picture.how.map((one) => words[one] ?? one);
}

const percent = (part) => `${Math.round(100 * part)} %`;
const copies = (number) => (number === 1 ? "1 copy" : `${count(number)} copies`);
const groups = (number) => (number === 1 ? "1 group" : `${count(number)} groups`);

function facts(picture) {
  const size = `${count(picture.width)} × ${count(picture.height)}`;
  return `${size} · ${bytes(picture.size)} · ${picture.format}`;
}

// ---- groups

function groupItem(group) {
  const name = nameOf(group.best);
  const item = element("li", { className: "group" });
  const list = element("ul", { className: "alike" }, bestItem(group));
  list.append(...group.copies.map((one) => copyItem(one, group)));
  const words = element("div", {},
    element("h2", { textContent: name }),
    element("p", { textContent: `${copies(group.copies.length)}, ${bytes(group.spare)}` }));
  item.append(element("div", { className: "group-head" }, words, buttons(group, list)), list);
  return item;
}

function buttons(group, list) {
  const paths = button("copy", "Copy paths", `Copy paths of the copies of ${nameOf(group.best)}`);
  paths.addEventListener("click", () => copy(pathsOf([group]), paths));
  const made = element("div", { className: "group-buttons" }, paths);
  if (group.copies.length > 1) {
    const none = button("close", "None are duplicates");
    none.addEventListener("click", () => tellAllApart(group, list, none));
    made.append(none);
  }
  return made;
}

function button(symbol, words, label = null) {
  const made = element("button", { type: "button", className: "button small" },
    icon(symbol), element("span", { textContent: words }));
  if (label) made.setAttribute("aria-label", label);
  return made;
}

const pathsOf = (some) => some.flatMap((group) => group.copies.map((one) => one.path)).join("\n");

function bestItem(group) {
  return pictureItem(group.best, "best", ["Keep", WHY[group.why]].join(": "));
}

function pictureItem(picture, kind, ...badges) {
  const item = element("li", { className: `one ${kind}` });
  item.dataset.id = picture.id;
  item.append(
    shown(picture),
    element("h3", { textContent: nameOf(picture) }),
    element("div", { className: "badges" },
      ...badges.map((words) => element("span", { className: "badge", textContent: words }))),
    element("p", { textContent: facts(picture) }),
    element("p", { className: "quiet", textContent: folderOf(picture) }),
  );
  return item;
}

function shown(picture) {
  const name = nameOf(picture);
  const link = element("a", {
    className: "shown",
    href: `api/images/${picture.id}/preview`,
    target: "_blank",
    rel: "noopener",
    title: "Open large",
  });
  const image = element("img", { alt: `${name}, open large`, loading: "lazy", decoding: "async" });
  image.addEventListener("error", () => {
    image.replaceWith(element("span", { className: "missing", textContent: `${name} cannot be shown` }));
  });
  image.src = picture.thumbnail;
  link.append(image);
  return link;
}

// ---- decisions

function copyItem(picture, group) {
  const item = pictureItem(picture, "copy", ...said(picture));
  item.append(decision(picture, group, item));
  return item;
}

// One button that tells a picture and the best apart, and then takes that back.
function decision(picture, group, item) {
  const name = nameOf(picture);
  const made = button("close", "Not a duplicate", `Not a duplicate: ${name}`);
  made.classList.add("decide");
  const images = [group.best.id, picture.id];
  made.addEventListener("click", () => busy(made, async () => {
    const apart = item.classList.contains("apart");
    await (apart ? api.duplicatesAfterAll(images) : api.notDuplicates(images));
    mark(item, made, name, !apart);
    announce(apart ? `${name} is a duplicate again.` : `${name} is remembered as no duplicate.`);
  }));
  return made;
}

function mark(item, made, name, apart) {
  item.classList.toggle("apart", apart);
  made.lastChild.textContent = apart ? "No duplicate. Undo" : "Not a duplicate";
  made.setAttribute("aria-label", apart ? `Undo: ${name} is no duplicate` : `Not a duplicate: ${name}`);
}

// For all of a group at once; the same button takes it back.
function tellAllApart(group, list, made) {
  const images = [group.best, ...group.copies].map((one) => one.id);
  return busy(made, async () => {
    const apart = made.dataset.apart === "yes";
    await (apart ? api.duplicatesAfterAll(images) : api.notDuplicates(images));
    made.dataset.apart = apart ? "no" : "yes";
    made.lastChild.textContent = apart ? "None are duplicates" : "None are duplicates. Undo";
    group.copies.forEach((one, at) => {
      const item = list.children[at + 1];
      mark(item, item.querySelector(".decide"), nameOf(one), !apart);
    });
    announce(apart ? "They are duplicates again." : "They are remembered as no duplicates.");
  });
}

async function busy(made, act) {
  if (made.getAttribute("aria-busy") === "true") return;
  made.setAttribute("aria-busy", "true");
  calm();
  try {
    await act();
  } catch (error) {
    complain(error.message);
  } finally {
    made.removeAttribute("aria-busy");
  }
}

// ---- the list

const exact = () => byId("exact").checked;

async function show() {
  const question = newest += 1;
  const answer = await api.duplicates(0, AT_ONCE, exact());
  if (question !== newest) return null;
  byId("groups").replaceChildren(...answer.groups.map(groupItem));
  page(answer);
  return answer;
}

function page(answer) {
  next = answer.next;
  byId("more").hidden = next === null;
  byId("copy-all").hidden = answer.total === 0;
  byId("summary").textContent = answer.total
    ? `${copies(answer.copies)} in ${groups(answer.total)}; they take ${bytes(answer.spare)}.`
    : "";
}

async function more() {
  const question = newest;
  const answer = await api.duplicates(next, AT_ONCE, exact());
  if (question !== newest) return;
  const made = answer.groups.map(groupItem);
  byId("groups").append(...made);
  page(answer);
  made[0]?.querySelector("a").focus();
  announce(`${groups(made.length)} more.`);
}

// Says how far the comparison is; tells whether it goes on.
function progress({ looking, waiting, trouble }) {
  const bar = byId("progress");
  bar.hidden = !looking;
  if (looking) {
    bar.max = Math.max(1, looking.total);
    bar.value = looking.done;
    byId("state").textContent =
      `${DOING[looking.doing]}: ${count(looking.done)} of ${count(looking.total)}`;
    return true;
  }
  if (trouble) complain(trouble);
  byId("state").textContent = waiting
    ? `${pictures(waiting)} could not be read and compared.`
    : "";
  return false;
}

function sayNone(answer) {
  const none = answer.total === 0 && !answer.looking;
  byId("none").hidden = !none;
  if (!none) return;
  byId("none-title").textContent = "No duplicates";
  byId("none-text").textContent = exact()
    ? "No two files have the same content."
    : "Every picture of the library is there once.";
}

// Shows what is known, has what is new compared, and shows what that has found.
async function refresh() {
  let answer = await show();
  if (answer === null) return;
  if (answer.waiting && !answer.looking && !asked) {
    asked = true;
    answer.looking = (await api.lookForDuplicates()).looking;
  }
  if (progress(answer)) {
    await ended();
    answer = await show();
    if (answer === null) return;
    progress(answer);
    announce(byId("summary").textContent || "No duplicates were found.");
  }
  sayNone(answer);
}

async function ended() {
  let answer;
  do {
    await new Promise((go) => { setTimeout(go, AGAIN); });
    answer = await api.duplicates(0, 1, exact());
  } while (progress(answer));
}

async function allPaths() {
  const paths = [];
  let offset = 0;
  while (offset !== null) {
    const answer = await api.duplicates(offset, MANY, exact());
    paths.push(pathsOf(answer.groups));
    offset = answer.next;
  }
  return paths.join("\n");
}

const complaining = (act) => async () => {
  calm();
  await act().catch((error) => complain(error.message));
};

byId("more").addEventListener("click", complaining(more));
byId("exact").addEventListener("change", complaining(refresh));
byId("notice-close").addEventListener("click", calm);
byId("copy-all").addEventListener("click", complaining(
  async () => copy(await allPaths(), byId("copy-all")),
));
complaining(refresh)();
