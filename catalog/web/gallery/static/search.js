// The field with the query: answers while one types, and completes the word before the caret.

import { addressOf, base, state } from "./core.js";
import { show } from "./results.js";

const PAUSE = 180; // milliseconds without a key after which the query is asked
const LONG_PAUSE = 700; // the same, while the word before the caret can be completed
const QUICK = 60; // after which completions are

let field, box;
let chosen = -1;
let typed = 0;
let isTyping = false; // whether the query in the address came from this typing, which is one step back

const options = () => [...box.children];

function ask(query) {
  if (query === (state().get("q") ?? "")) return;
  show(addressOf({ q: query }), { replace: isTyping }).then((isShown) => { if (isShown) isTyping = true; });
}

/** The word before the caret: where it begins, and what of it is there. */
function readWord() {
  const before = field.value.slice(0, field.selectionStart);
  const start = before.search(/[^\s(]*$/);
  return { start, text: before.slice(start) };
}

function close() {
  box.hidden = true;
  chosen = -1;
  box.replaceChildren();
  field.removeAttribute("aria-activedescendant");
}

async function offer() {
  const { text } = readWord();
  const number = ++typed;
  if (!text || field.selectionStart !== field.selectionEnd) return close();
  const answer = await fetch(`${base}/-/gallery/complete?word=${encodeURIComponent(text)}`).catch(() => null);
  if (!answer?.ok || number !== typed || document.activeElement !== field) return;
  const words = (await answer.json()).words.filter((word) => word !== text);
  if (number !== typed) return;
  close();
  box.replaceChildren(...words.map((word, index) => {
    const option = Object.assign(document.createElement("li"), { id: `completion-${index}`, textContent: word });
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    option.addEventListener("pointerdown", (event) => { event.preventDefault(); take(word); });
    return option;
  }));
  box.hidden = !words.length;
}

function choose(index) {
  const all = options();
  chosen = (index + all.length + 1) % (all.length + 1);
  if (chosen === all.length) chosen = -1;
  for (const [number, option] of all.entries()) option.setAttribute("aria-selected", String(number === chosen));
  if (chosen < 0) field.removeAttribute("aria-activedescendant");
  else {
    field.setAttribute("aria-activedescendant", all[chosen].id);
    all[chosen].scrollIntoView({ block: "nearest" });
  }
}

function take(word) {
  const { start } = readWord();
  const after = field.value.slice(field.selectionStart);
  const isWhole = !word.endsWith(":") && !word.endsWith("=");
  const text = word + (isWhole && !/^\s/.test(after) ? " " : "");
  field.value = field.value.slice(0, start) + text + after;
  field.setSelectionRange(start + text.length, start + text.length);
  close();
  isWhole ? ask(field.value.trim()) : offer();
}

function press(event) {
  if (event.isComposing) return;
  const isShown = !box.hidden;
  if (isShown && (event.key === "ArrowDown" || event.key === "ArrowUp")) choose(event.key === "ArrowDown" ? chosen + 1 : chosen < 0 ? options().length - 1 : chosen - 1);
  else if (isShown && chosen >= 0 && (event.key === "Enter" || event.key === "Tab")) take(options()[chosen].textContent);
  else if (event.key === "Escape" && isShown) close();
  else if (event.key === "Escape") field.blur();
  else return;
  event.preventDefault();
}

export function start() {
  field = document.querySelector(".search input[type=search]");
  box = document.getElementById("completions");
  if (!field || !box) return;
  const form = field.form;
  const mirror = form.querySelector(".mirror");
  let pause = 0;
  let quick = 0;
  const askSoon = () => {
    if (box.hidden) ask(field.value.trim());
    else pause = setTimeout(() => ask(field.value.trim()), LONG_PAUSE); // a word that may be completed is not yet one
  };
  field.addEventListener("input", () => {
    mirror.replaceChildren();
    field.removeAttribute("aria-invalid");
    clearTimeout(pause);
    clearTimeout(quick);
    pause = setTimeout(askSoon, PAUSE);
    quick = setTimeout(offer, QUICK);
  });
  field.addEventListener("keydown", press);
  field.addEventListener("scroll", () => { mirror.scrollLeft = field.scrollLeft; });
  field.addEventListener("blur", () => { isTyping = false; close(); });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(pause);
    close();
    ask(field.value.trim());
    isTyping = false;
    document.querySelector("[role=grid] .tile[tabindex='0']")?.focus({ preventScroll: true });
  });
  form.querySelector("select").addEventListener("change", (event) => show(addressOf({ sort: event.target.value })));
}
