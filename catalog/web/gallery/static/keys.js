// The one table of keys: what binds them also writes the help.

import { READ_ONLY, mayWrite, remembered, toast } from "./core.js";

const bindings = []; // { keys, label, act, where, writes, isLetter }
const OFF = "letters-off";

/**
 * Bind keys, such as "k" or "Control+z". `act(event, key)` answers false where the key is not for it.
 * `where` names the part in the help and tests whether it is shown: { name, isShown }.
 */
export function bind(where, keys, label, act, { writes = false } = {}) {
  for (const each of [keys].flat()) {
    bindings.push({ key: each, label, act, where, writes, isLetter: /^\S$/u.test(each) });
  }
}

function nameOf(event) {
  const marks = [event.ctrlKey && "Control", event.altKey && "Alt", event.metaKey && "Meta"].filter(Boolean);
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const isShifted = event.shiftKey && (event.key.length > 1 || marks.length > 0);
  return [...marks, ...(isShifted ? ["Shift"] : []), key].join("+");
}

const FIELDS = "input:not([type=checkbox]):not([type=radio]):not([type=range]), textarea, select, [contenteditable]";

function isInField(event) {
  return event.target instanceof Element && event.target.closest(FIELDS) !== null;
}

function press(event) {
  if (event.defaultPrevented || event.isComposing || isInField(event)) return;
  const name = nameOf(event);
  for (const each of bindings) {
    if (each.key !== name || !each.where.isShown()) continue;
    if (each.isLetter && remembered.get(OFF) === "yes") continue;
    if (each.writes && !mayWrite) {
      toast(READ_ONLY);
      event.preventDefault();
      return;
    }
    if (each.act(event, each.key) === false) continue;
    event.preventDefault();
    return;
  }
}

/** The innermost dialog that is open, which alone gets the keys. */
export const topDialog = () => [...document.querySelectorAll("dialog[open]")].at(-1) ?? null;

export const everywhere = { name: "Everywhere", isShown: () => topDialog() === null };

/** A key as it is written on keyboards. */
const spell = (key) => (key === " " ? "Space" : key.replaceAll("Control", "Ctrl").replace("Arrow", ""));

function showHelp() {
  const dialog = document.createElement("dialog");
  dialog.className = "help";
  dialog.setAttribute("aria-label", "Keyboard shortcuts");
  const head = document.createElement("header");
  const box = Object.assign(document.createElement("input"), { type: "checkbox", checked: remembered.get(OFF) === "yes" });
  box.addEventListener("change", () => remembered.set(OFF, box.checked ? "yes" : "no"));
  const label = document.createElement("label");
  label.append(box, " Switch single-letter keys off");
  head.append(Object.assign(document.createElement("h2"), { textContent: "Keyboard shortcuts" }), label);
  const parts = Object.assign(document.createElement("div"), { className: "keys" });
  for (const [name, rows] of grouped()) parts.append(listKeys(name, rows));
  dialog.append(head, parts);
  openDialog(dialog, head);
}

/** The keys of one part of the page, under its name. */
function listKeys(name, rows) {
  const table = document.createElement("table");
  table.createCaption().textContent = name;
  const labels = new Map();
  for (const each of rows) labels.set(each.label, [...(labels.get(each.label) ?? []), each.key]);
  for (const [label, keys] of labels) {
    const row = table.insertRow();
    const head = document.createElement("th");
    head.scope = "row";
    for (const key of keys) head.append(Object.assign(document.createElement("kbd"), { textContent: spell(key) }), " ");
    row.append(head);
    row.insertCell().textContent = label;
  }
  return table;
}

function grouped() {
  const groups = new Map();
  for (const each of bindings) groups.set(each.where.name, [...(groups.get(each.where.name) ?? []), each]);
  return groups;
}

/** Show a dialog, which goes when it is closed and gives the focus back; the button that closes it stands in `place`. */
export function openDialog(dialog, place = dialog) {
  const before = document.activeElement;
  const toasts = document.getElementById("toasts");
  const close = Object.assign(document.createElement("button"), { type: "button", className: "close", textContent: "Close" });
  close.addEventListener("click", () => dialog.close());
  if (!dialog.querySelector(".close")) place.append(close);
  dialog.addEventListener("close", () => {
    dialog.contains(toasts) && document.body.append(toasts);
    dialog.remove();
    if (before instanceof HTMLElement && before.isConnected) before.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
}

export function start() {
  document.addEventListener("keydown", press);
  const anywhere = { name: everywhere.name, isShown: () => !topDialog()?.classList.contains("help") };
  bind(anywhere, ["?", "F1"], "Show the keys", showHelp);
  bind(everywhere, "/", "Search", () => {
    const field = document.querySelector("input[type=search]");
    if (!field) return false;
    field.focus();
    field.select();
  });
}
