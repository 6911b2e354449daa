// Writing: every change of a page goes through here, is said in a toast with Undo, and told to the other parts.

import { mayWrite, on, tell, toast, write, base } from "./core.js";
import { bind, topDialog } from "./keys.js";

/** Rate, tag … videos: one request, one step to undo. Answers what the server said, null where it refused. */
export async function edit(act, refs, value) {
  const body = value === undefined ? { act, refs } : { act, refs, value };
  const done = await write("/-/gallery/edit", body);
  if (!done) return null;
  const isAll = done.videos === refs.length;
  const more = refs.length === 1 ? "" : isAll ? `${count(done.videos)}` : `${count(done.videos)}, the others were so already`;
  toast(done.said, done.number ? { Undo: () => undo(done.number) } : {}, more);
  tell("edited", { refs });
  return done;
}

/** Undo the newest edit, or this one, where it still is the newest. */
const undo = (number) => step("undo", number ? { number } : {});
const redo = () => step("redo", {});

/** Undo or redo so many steps as one; the answer is what the server said. */
export async function step(way, body) {
  const done = await write(`/-/gallery/${way}`, body);
  if (!done) return null;
  const isDone = done.number !== null;
  const left = done.overtaken ? `; ${count(done.overtaken, "change")} left alone: something else has written there since` : "";
  toast(done.said, isDone ? (way === "undo" ? { Redo: redo } : { Undo: () => undo(done.number) }) : {}, isDone ? `${done.what}${left}` : "");
  if (isDone) tell("edited", { refs: done.refs ?? shownRefs() });
  return done;
}

const shownRefs = () => [...new Set([...document.querySelectorAll("[data-ref]")].map((each) => each.dataset.ref))];

const count = (number, word = "video") => `${number.toLocaleString("en")} ${word}${number === 1 ? "" : "s"}`;

/** Suggest the tags (`tags`) or collections (`collections`) that there are below a field, once it gets the focus. */
export function suggestBelow(field, what) {
  field.addEventListener("focus", async () => {
    const names = await knownNames();
    const list = document.createElement("datalist");
    list.id = `known-${what}-${(number += 1)}`;
    list.append(...names[what].map((value) => Object.assign(document.createElement("option"), { value })));
    field.after(list);
    field.setAttribute("list", list.id);
  }, { once: true });
}

let number = 0;
let known = null;

/** The tags and the collections that there are. */
export async function knownNames() {
  known ??= fetch(`${base}/-/gallery/names`, { headers: { accept: "application/json" } })
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(answer.status)))
    .catch(() => { known = null; return { tags: [], collections: [] }; });
  return known;
}

// Undo works on pages and in the dialogs that show videos, not where something is typed or chosen.
const undoing = { name: "Everywhere", isShown: () => topDialog() === null || topDialog().hasAttribute("data-undo") };

export function start() {
  bind(undoing, "Control+z", "Undo", () => void undo(), { writes: true });
  bind(undoing, "Control+Shift+z", "Redo", () => void redo(), { writes: true });
  if (mayWrite) on("edited", () => { known = null; });
}
