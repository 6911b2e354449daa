// What changes videos: each change is one request, answered by a message that can take it back.

import { on, tell, toast, write } from "./core.js";
import { bind, everywhere } from "./keys.js";

/** Change videos; `act` is rate, verdict, tag, collect or hide. */
export async function edit(act, refs, value) {
  const answer = await write("/-/gallery/edit", { act, refs, value });
  if (!answer) return null;
  tell("edited", { refs, act, value });
  toast(answer.said, { Undo: undo });
  return answer;
}

async function step(path) {
  const answer = await write(path, {});
  if (!answer) return;
  tell("edited", { refs: answer.refs ?? null });
  toast(answer.said);
}

export const undo = () => step("/-/gallery/undo");
export const redo = () => step("/-/gallery/redo");

export function start() {
  bind(everywhere, "Control+z", "Undo", undo, { writes: true });
  bind(everywhere, "Control+Shift+z", "Redo", redo, { writes: true });
  on("undo", undo);
}
