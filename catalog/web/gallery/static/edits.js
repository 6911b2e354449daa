// Writing: every change of a page goes through here, is said in a toast with Undo, and told to the other parts.

import { tell, toast, write } from "./core.js";
import { bind, topDialog } from "./keys.js";

/** Rate, tag … videos: one request, one step to undo. Answers what the server said, null where it refused. */
export async function edit(act, refs, value) {
  const done = await write("/-/gallery/edit", value === undefined ? { act, refs } : { act, refs, value });
  if (!done) return null;
  toast(done.said, { Undo: () => undo() });
  tell("edited", { refs });
  return done;
}

export const undo = () => step("undo");
export const redo = () => step("redo");

async function step(way) {
  const done = await write(`/-/gallery/${way}`, {});
  if (!done) return null;
  toast(done.said);
  tell("edited", { refs: done.refs });
  return done;
}

const undoing = { name: "Everywhere", isShown: () => topDialog() === null || topDialog().hasAttribute("data-undo") };

export function start() {
  bind(undoing, "Control+z", "Undo", () => void undo(), { writes: true });
  bind(undoing, ["Control+Shift+z", "Control+y"], "Redo", () => void redo(), { writes: true });
}
