// A hit that is a part of its picture → a frame around that part, over the tile and the large view.

import { byId, element } from "./dom.js";
import { ratioOf } from "./rows.js";

// Over a tile, which shows the middle of a picture that is very long or very high.
export function frameOn(tile, picture) {
  if (!picture.box) return;
  const [left, top, wide, high] = picture.box;
  const own = picture.width / picture.height;
  const seen = ratioOf(picture) / own; // below 1: of the width; above 1: one part of so many of the height
  const [across, down] = [Math.min(1, seen), Math.min(1, 1 / seen)];
  const frame = element("span", { className: "found" });
  place(frame, [
    (left - (1 - across) / 2) / across, (top - (1 - down) / 2) / down, wide / across, high / down,
  ]);
  tile.append(frame);
}

export const whereIn = ({ box }) => (box ? ", a part of the picture" : "");

function place(frame, [left, top, wide, high]) {
  const percent = (part) => `${(100 * part).toFixed(2)}%`;
  Object.assign(frame.style, {
    left: percent(left), top: percent(top), width: percent(wide), height: percent(high),
  });
}

const layer = element("div", { className: "layer found-layer", hidden: true });
byId("viewer-frame").append(layer);

byId("viewer").addEventListener("viewer-picture", ({ detail: { picture } }) => {
  layer.hidden = !picture?.box;
  layer.replaceChildren();
  if (layer.hidden) return;
  const frame = element("span", { className: "found" });
  place(frame, picture.box);
  layer.append(frame);
});
