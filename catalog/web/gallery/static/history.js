// The steps of the journal in a dialog: a click goes back to one, or on to one that was undone.

import { fetchPart, toast } from "./core.js";
import { step } from "./edits.js";
import { bind, everywhere, openDialog } from "./keys.js";

async function read() {
  const part = await fetchPart("/-/gallery/history").catch(() => null);
  return part?.content.querySelector("#history") ?? null;
}

async function showHistory() {
  const steps = await read();
  if (!steps) {
    toast("The server does not answer: is `catalog serve` still running?");
    return;
  }
  const dialog = document.createElement("dialog");
  dialog.className = "history";
  dialog.setAttribute("aria-label", "History");
  dialog.dataset.undo = "";
  dialog.append(Object.assign(document.createElement("h2"), { textContent: "History" }), steps);
  dialog.addEventListener("click", (event) => {
    const button = event.target.closest("[data-way]");
    if (button) void go(dialog, button);
  });
  openDialog(dialog);
  dialog.querySelector("[data-way]")?.focus();
}

async function go(dialog, button) {
  const { way, steps } = button.dataset;
  const newest = Number(dialog.querySelector("#history").dataset.newest) || undefined;
  await step(way, way === "undo" ? { steps: Number(steps), number: newest } : { steps: Number(steps) });
  await refresh(dialog);
}

async function refresh(dialog) {
  const fresh = await read();
  if (!fresh || !dialog.isConnected) return;
  dialog.querySelector("#history").replaceWith(fresh);
  (dialog.querySelector("[aria-current] button") ?? dialog.querySelector("[data-way]") ?? dialog).focus();
}

export function start() {
  const page = document.querySelector("main:has(> #history)");
  page?.addEventListener("click", (event) => {
    const button = event.target.closest("[data-way]");
    if (button) void go(page, button);
  });
  bind(everywhere, "h", "History", () => void showHistory());
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a.to-history") : null;
    if (!link || page || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    void showHistory();
  });
}
