// The menu of exports → a file of the chosen pictures, fetched and handed to the browser to save.

import * as api from "./api.js";
import { announce, byId, calm, complain, element } from "./dom.js";
import { bytes, count } from "./text.js";

const ENDINGS = { csv: "csv", json: "json", zip: "zip", sheet: "pdf" };
const LEFT_OUT = "Lookalike-Left-Out";

let asking = null;

// `wanted()` is { images, query } as the call takes it; `chosen()` is called when a kind is.
export function listenForExports(wanted, chosen) {
  for (const button of document.querySelectorAll("[data-export]")) {
    button.addEventListener("click", () => {
      chosen();
      fetchFile(wanted(), button.dataset.export);
    });
  }
  byId("selection-stop").addEventListener("click", () => asking?.abort());
}

async function fetchFile(wanted, format) {
  asking?.abort();
  asking = new AbortController();
  const { signal } = asking;
  calm();
  tell("Preparing the file");
  try {
    const response = await api.exported({ ...wanted, format }, signal);
    const file = await received(response);
    save(file, `lookalike.${ENDINGS[format]}`);
    afterwards(Number(response.headers.get(LEFT_OUT)), file.size);
  } catch (error) {
    if (!signal.aborted) complain(error.message);
  } finally {
    if (asking?.signal === signal) tell(null);
  }
}

// The browser keeps a large file on the disk while it arrives; only what has come is counted here.
async function received(response) {
  let done = 0;
  const counted = response.body.pipeThrough(new TransformStream({
    transform(chunk, onwards) {
      done += chunk.byteLength;
      tell(bytes(done));
      onwards.enqueue(chunk);
    },
  }));
  try {
    return await new Response(counted, { headers: response.headers }).blob();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("The file has broken off: a picture changed, or the server stopped. Try again.", { cause: error });
  }
}

function save(file, name) {
  const address = URL.createObjectURL(file);
  element("a", { href: address, download: name }).click();
  // The browser has it by then; a download that waits to be confirmed keeps it by itself.
  setTimeout(() => URL.revokeObjectURL(address), 60000);
}

function afterwards(leftOut, size) {
  announce(`The file is ready, ${bytes(size)}.`);
  if (!leftOut) return;
  const files = leftOut === 1 ? "1 file is" : `${count(leftOut)} files are`;
  complain(`${files} gone or changed and left out; manifest.csv in the archive names them.`);
}

function tell(words) {
  byId("selection-busy").hidden = words === null;
  if (words) byId("selection-progress").textContent = words;
}
