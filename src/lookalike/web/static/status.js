// /api/stats, asked again and again → the line at the top, the bar of progress, and `changed(stats)`.

import * as api from "./api.js";
import { byId, complain, element } from "./dom.js";
import { count, pictures, timeLeft } from "./text.js";

const BUSY = 1000;
const IDLE = 5000;
const SETTLED = 15000; // after opening: `serve FOLDER` needs a moment before it begins to index

let told = null;
let last = null;

export async function watch(changed) {
  let stats = null;
  try {
    stats = await api.stats();
    draw(stats);
    if (stats.trouble && stats.trouble !== told) complain(stats.trouble);
    told = stats.trouble;
    changed(stats);
  } catch (error) {
    byId("status").textContent = error.message;
    byId("progress").hidden = true;
  }
  await wait(lively(stats) ? BUSY : IDLE);
  last = stats;
  watch(changed);
}

function lively(stats) {
  if (stats === null) return false;
  return stats.indexing !== null || stats.images !== last?.images || performance.now() < SETTLED;
}

// A page that nobody sees does not ask; it asks at once when it is seen again.
async function wait(milliseconds) {
  await new Promise((go) => { setTimeout(go, milliseconds); });
  if (!document.hidden) return;
  await new Promise((go) => {
    document.addEventListener("visibilitychange", go, { once: true });
  });
}

function draw(stats) {
  const { indexing } = stats;
  const bar = byId("progress");
  bar.hidden = !indexing;
  if (indexing) {
    bar.max = Math.max(1, indexing.total);
    bar.value = indexing.done;
  }
  const facts = indexing ? pace(indexing) : [];
  if (!indexing && stats.skipped) facts.push(`${count(stats.skipped)} skipped`);
  byId("status").replaceChildren(
    element("strong", { textContent: pictures(stats.images) }),
    ...facts.flatMap((fact) => [" · ", element("span", { textContent: fact })]),
  );
}

function pace({ done, total, images_per_second: speed, seconds_left: left }) {
  const facts = [`indexing ${count(done)} of ${count(total)}`];
  if (speed > 0) facts.push(`${count(Math.round(speed * 10) / 10)} images/s`);
  if (left !== null) facts.push(timeLeft(left));
  return facts;
}
