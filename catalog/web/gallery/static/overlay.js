// A dialog that the server makes and the address names: found on a page of its own, or put over the page one is on.

import { addressOf, fetchPart, state, tell, toast } from "./core.js";
import { openDialog } from "./keys.js";

/**
 * The overlay `name`, which is also its name in the address. `pathOf(value)` is where its dialog comes from;
 * `begin(dialog)` makes it work and answers what is done when it ends.
 */
export function makeOverlay(name, { pathOf, begin }) {
  let dialog = null;
  let isWhole = false; // whether there is no other page below

  function show(made) {
    dialog = made;
    const link = dialog.querySelector("a.close");
    const closed = link.href;
    const close = Object.assign(document.createElement("button"), { type: "button", className: "close", textContent: "Close" });
    link.replaceWith(close);
    for (const each of dialog.querySelectorAll(".scripted")) each.hidden = false;
    dialog.removeAttribute("open");
    openDialog(dialog);
    const end = begin(dialog, close);
    dialog.addEventListener("close", () => {
      dialog = null;
      end();
      if (document.activeElement === document.body) tell("closed", { name }); // what had the focus is not there any more
      if (isWhole) location.assign(closed);
      else if (state().has(name)) history.back();
    });
  }

  /** Open it for a value, as another page to go back from, unless the address already says so. */
  async function open(value, { isNew = true } = {}) {
    if (dialog) return;
    const [part] = await Promise.all([fetchPart(pathOf(value)), loadStyle(name)]);
    const made = part.content.querySelector("dialog");
    if (!part.isFine || !made) {
      toast(part.content.querySelector("h1")?.textContent ?? "The server does not answer as it should");
      return;
    }
    if (dialog) return;
    if (isNew) history.pushState(null, "", addressOf({ [name]: value }));
    show(document.importNode(made, true));
  }

  function follow() {
    const value = state().get(name);
    if (value && !dialog) open(value, { isNew: false });
    else if (!value && dialog) isWhole ? location.reload() : dialog.close();
  }

  function start() {
    addEventListener("popstate", follow);
    const made = document.querySelector(`dialog.${name}[open]`);
    if (!made) return;
    isWhole = true;
    show(made);
  }

  return { open, start };
}

const styles = new Map();

function loadStyle(name) {
  const { href } = new URL(`./${name}.css`, import.meta.url);
  if (!styles.has(name) && ![...document.styleSheets].some((each) => each.href === href)) {
    styles.set(name, new Promise((done) => {
      const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href, onload: done, onerror: done });
      document.head.append(link);
    }));
  }
  return styles.get(name);
}
