// A list of choices, and tags that are there already → the list, filled with all other tags.

import * as api from "./api.js";
import { element } from "./dom.js";

const OFFERED = 500; // tags to complete what is being written

export async function offerTags(list, there) {
  const { tags } = await api.tags().catch(() => ({ tags: [] }));
  const here = new Set(there);
  const others = tags.map(({ value }) => value).filter((value) => !here.has(value));
  list.replaceChildren(...others.slice(0, OFFERED).map((value) => element("option", { value })));
}
