// What every part of the gallery stands on: where it is, how it asks the server, and what it tells its user.

const root = document.documentElement;
export const base = root.dataset.base;
export const mayWrite = root.dataset.mayWrite === "yes";
export const READ_ONLY = "Read-only: open the address that `catalog serve` has printed to change anything";
export const isStill = matchMedia("(prefers-reduced-motion: reduce)");

/** The state that the address says, as a copy to change. */
export const state = () => new URLSearchParams(location.search);

/** The address of a state; what is empty is left out, and another question begins at its first page. */
export function addressOf(values, from = state()) {
  if ("q" in values || "sort" in values || "stack" in values) values = { after: "", before: "", ...values };
  for (const [name, value] of Object.entries(values)) value ? from.set(name, value) : from.delete(name);
  const query = from.toString();
  return `${base}/${query ? `?${query}` : ""}`;
}

/** Part of a page, as an element that holds it. */
export async function fetchPart(path) {
  const answer = await fetch(`${base}${path}`, { headers: { accept: "text/html" } });
  const part = document.createElement("template");
  part.innerHTML = await answer.text();
  return { isFine: answer.ok, status: answer.status, content: part.content };
}

/** What the server answers to a change; where it refuses, that is shown and null is returned. */
export async function write(path, values) {
  if (!mayWrite) {
    toast(READ_ONLY);
    return null;
  }
  const { isFine, said } = await ask(path, values);
  if (isFine) return said;
  toast(said.error);
  return null;
}

/** What the server answers to a POST, and whether it did as asked; where it did not, `said.error` says why. */
export async function ask(path, values) {
  try {
    const answer = await fetch(`${base}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify(values),
    });
    return { isFine: answer.ok, said: await answer.json() };
  } catch {
    return { isFine: false, said: { error: "The server does not answer: is `catalog serve` still running?" } };
  }
}

const SHOWN = 6000; // milliseconds

/** Say what has happened, and `more` of it; `actions` are names of buttons with what each does. */
export function toast(text, actions = {}, more = "") {
  const box = document.getElementById("toasts");
  const room = [...document.querySelectorAll("dialog[open]")].at(-1) ?? document.body; // all else is inert
  if (box.parentNode !== room) room.append(box);
  const line = document.createElement("div");
  line.className = "toast";
  line.append(Object.assign(document.createElement("span"), { textContent: text }));
  if (more) line.append(Object.assign(document.createElement("span"), { className: "more", textContent: more }));
  for (const [name, act] of Object.entries(actions)) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: name });
    button.addEventListener("click", () => { line.remove(); act(); });
    line.append(button);
  }
  box.replaceChildren(line);
  setTimeout(() => line.remove(), SHOWN);
}

const listeners = new Map();

/** Parts tell each other what has happened, by name: `results` (other tiles are shown), `edited`, `opened`, `closed`. */
export function on(name, act) {
  listeners.set(name, [...(listeners.get(name) ?? []), act]);
}

/** Answers whether anybody listens. */
export function tell(name, detail) {
  const acts = listeners.get(name) ?? [];
  for (const act of acts) act(detail);
  return acts.length > 0;
}

/** What is remembered of a user in this browser. */
export const remembered = {
  get: (name, otherwise = "") => { try { return localStorage.getItem(`catalog.${name}`) ?? otherwise; } catch { return otherwise; } },
  set: (name, value) => { try { localStorage.setItem(`catalog.${name}`, value); } catch { /* a private window */ } },
};
