// Texts for the clipboard, and the file of a video: shown in its folder where that is possible, else its path copied.

import { READ_ONLY, ask, base, mayWrite, toast } from "./core.js";
import { topDialog } from "./keys.js";

/** Copy a text; false where the browser does not let pages do that. */
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyByHand(text);
  }
}

/** Where pages have no clipboard: over plain HTTP from another machine. */
function copyByHand(text) {
  const before = document.activeElement;
  const field = Object.assign(document.createElement("textarea"), { value: text, className: "hidden" });
  (topDialog() ?? document.body).append(field);
  field.select();
  const isDone = document.execCommand("copy");
  field.remove();
  before?.focus({ preventScroll: true });
  return isDone;
}

/** Copy a text and say so, and `why` it was copied; where that cannot be done, show it. */
export async function copyAndSay(what, text, why = "") {
  if (await copyText(text)) toast(what === "path" ? `path copied: ${text}` : `${what} copied`, {}, why);
  else toast(`The browser does not let this page copy; here it is: ${text.slice(0, 200)}`, {}, why);
}

/** What of a video is copied: `{ref, prompt, path}`. */
export async function describe(ref) {
  const answer = await fetch(`${base}/-/gallery/copy?ref=${encodeURIComponent(ref)}`, { headers: { accept: "application/json" } });
  return answer.ok ? answer.json() : {};
}

/** Show the file of a video in its folder; where that cannot be, copy its path and say why. */
export async function showInFolder(ref) {
  const { path } = await describe(ref);
  if (!path) {
    toast("No file of this video is here");
    return;
  }
  const { isFine, said } = mayWrite ? await ask("/-/gallery/folder", { ref }) : { isFine: false, said: { error: READ_ONLY } };
  if (isFine) toast(said.said, {}, said.path);
  else await copyAndSay("path", path, said.error);
}
