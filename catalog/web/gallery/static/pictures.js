// How many thumbnails are still to be made, in the line above the tiles, for as long as there are any.

import { base, on } from "./core.js";

const FIRST = 1000; // milliseconds until the first question: the tiles come first
const PAUSE = 5000; // between two

let said = "";
let isWaiting = false;

function show() {
  document.querySelector("main.found .due")?.remove();
  if (!said) return;
  const line = Object.assign(document.createElement("p"), { className: "due" });
  const [what, command] = said.split(/(?<=: )/, 2);
  line.append(what, Object.assign(document.createElement("code"), { textContent: command ?? "" }));
  document.querySelector("main.found .count")?.after(line);
}

/** Ask after a while, however many want to know meanwhile. */
function ask(pause) {
  if (isWaiting) return;
  isWaiting = true;
  setTimeout(async () => {
    isWaiting = false;
    if (!document.hidden) {
      const answer = await fetch(`${base}/-/gallery/pictures`).catch(() => null);
      if (answer?.ok) said = (await answer.json()).said;
      show();
    }
    if (said || document.hidden) ask(PAUSE);
  }, pause);
}

export function start() {
  if (!document.getElementById("results")) return;
  on("results", show);
  on("stale", () => ask(PAUSE));
  ask(FIRST);
}
