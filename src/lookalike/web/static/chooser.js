// A picture that is chosen, dropped, pasted or photographed → `take(file)`.

import { byId, complain, writesIn } from "./dom.js";

export function listen(take) {
  const input = byId("file");
  for (const button of document.querySelectorAll("[data-choose]")) {
    button.addEventListener("click", () => input.click());
  }
  input.addEventListener("change", () => {
    const [file] = input.files;
    input.value = "";
    if (file) take(file);
  });
  document.addEventListener("paste", (event) => pasted(event, take));
  listenForDrops(take);
  document.addEventListener("keydown", focusChooser);
}

function pasted(event, take) {
  const [file] = event.clipboardData?.files ?? [];
  if (file) {
    event.preventDefault();
    take(file);
  } else if (!writesIn(event.target)) {
    complain("There is no picture in the clipboard: copy a picture or a file, then paste again.");
  }
}

function listenForDrops(take) {
  const veil = byId("drop");
  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files") ?? false;
  window.addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    veil.hidden = false;
  });
  window.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) veil.hidden = true;
  });
  window.addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    veil.hidden = true;
    const [file] = event.dataTransfer.files;
    if (file) take(file);
  });
}

function focusChooser(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || byId("viewer").open || writesIn(event.target)) return;
  if (event.key !== "/" && event.key.toLowerCase() !== "o") return;
  const shown = [...document.querySelectorAll("[data-choose]")].find(
    (button) => button.offsetParent !== null,
  );
  if (!shown) return;
  event.preventDefault();
  shown.focus();
}
