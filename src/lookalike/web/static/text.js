// Numbers, names and times → the words that the page shows.

// What cannot be seen, breaks a line or turns the text around it, as the escape that a terminal
// shows for it, too. Bytes of a file's name that are not Unicode arrive as lone surrogates.
const UNSEEN = /[\p{Cc}\p{Cn}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu;
const SHORT = { "\t": "\\t", "\n": "\\n", "\r": "\\r" };

export function printable(text) {
  return text.replace(UNSEEN, (char) => SHORT[char] ?? escaped(char.codePointAt(0)));
}

function escaped(code) {
  const digits = code.toString(16);
  if (code < 0x100) return `\\x${digits.padStart(2, "0")}`;
  if (code < 0x10000) return `\\u${digits.padStart(4, "0")}`;
  return `\\U${digits.padStart(8, "0")}`;
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

export function percent(part) {
  return `${Math.round(100 * part)} %`;
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
