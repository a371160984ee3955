// Numbers, names and times → the words that the page shows.

// What cannot be seen, or would turn the text around it, as an escape. Bytes of a file's name that
// are not Unicode arrive as lone surrogates; U+DC80 to U+DCFF stand for the bytes 80 to FF.
const UNSEEN = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu;

export function printable(text) {
  return text.replace(UNSEEN, (char) => {
    const code = char.codePointAt(0);
    if (char === "\n") return "\\n";
    if (code >= 0xdc80 && code <= 0xdcff) return `\\x${(code - 0xdc00).toString(16)}`;
    return code < 0x100
      ? `\\x${code.toString(16).padStart(2, "0")}`
      : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

export function nameOf(picture) {
  return printable(picture.relative.split("/").pop());
}

export function folderOf(picture) {
  const folders = picture.relative.split("/").slice(0, -1).join("/");
  return printable(folders ? `${picture.root}/${folders}` : picture.root);
}

export function count(number) {
  return number.toLocaleString("en");
}

export function pictures(number) {
  return number === 1 ? "1 picture" : `${count(number)} pictures`;
}

export function closeness(number) {
  return number.toFixed(3);
}

export function bytes(number) {
  if (number < 1000) return `${number} bytes`;
  const units = ["kB", "MB", "GB", "TB"];
  let unit = -1;
  do {
    number /= 1000;
    unit += 1;
  } while (number >= 999.5 && unit < units.length - 1);
  return `${number.toFixed(number < 10 ? 1 : 0)} ${units[unit]}`;
}

export function timeLeft(seconds) {
  if (seconds < 60) return "under 1 min left";
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min left`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min left`;
}

export function moment(iso) {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return printable(iso);
  return date.toLocaleString("en-GB", { dateStyle: "long", timeStyle: "short" });
}

export function place(latitude, longitude) {
  const north = `${Math.abs(latitude).toFixed(5)}° ${latitude < 0 ? "S" : "N"}`;
  return `${north}, ${Math.abs(longitude).toFixed(5)}° ${longitude < 0 ? "W" : "E"}`;
}
