// Another question, answered without loading the page: what is shown, the address, and the way back.

import { addressOf, base, fetchPart, on, remembered, state, tell } from "./core.js";
import { arrange, results, tiles, tilesBetween } from "./layout.js";

const KEPT = 6; // answers to which one can go back at once
const ASKED = ["q", "sort", "stack", "after", "before"]; // what makes an answer another one
const POLL = 2500; // milliseconds
const HEAD = 90; // pixels below which a row is the first that stays in the window

const answers = new Map(); // by the number of their entry in the history
let entry = 0;
let asking = 0;

const found = () => document.querySelector("main.found");
const question = (query = state()) => JSON.stringify(ASKED.map((name) => query.get(name) ?? ""));
let shown = "";

function keep() {
  answers.set(entry, { shown, nodes: [...results().childNodes], top: scrollY, rail: document.getElementById("rail")?.scrollTop });
  for (const key of answers.keys()) if (answers.size > KEPT) answers.delete(key);
}

/** Show the answer to another question; `replace` says that it takes the place of this one in the history. */
export async function show(address, { replace = false } = {}) {
  const number = ++asking;
  const url = new URL(address, location.href);
  const rail = state().get("rail");
  if (rail && !url.searchParams.has("rail")) url.searchParams.set("rail", rail);
  let part;
  try {
    part = await fetchPart(`/-/gallery/results${url.search}`);
  } catch {
    if (number === asking) fault("The server does not answer: is `catalog serve` still running?");
    return false;
  }
  if (number !== asking) return false;
  const problem = part.content.querySelector("#fault:not([hidden])");
  if (!part.isFine || problem) {
    fault(problem?.textContent ?? part.content.querySelector("h1")?.textContent ?? "The server failed at this question", problem?.dataset.position);
    return false;
  }
  const focus = describeFocus();
  const top = document.getElementById("rail")?.scrollTop ?? 0;
  if (replace) history.replaceState({ entry }, "", url);
  else {
    keep();
    history.pushState({ entry: ++entry }, "", url);
  }
  results().replaceChildren(part.content);
  settle();
  if (!replace) scrollTo(0, 0);
  const fresh = document.getElementById("rail");
  if (fresh) fresh.scrollTop = top;
  restoreFocus(focus);
  return true;
}

/** After another answer: the bar says what is shown. */
function settle() {
  shown = question();
  const query = state();
  const field = document.querySelector(".search input[type=search]");
  if (document.activeElement !== field) field.value = query.get("q") ?? "";
  document.querySelector(".search select").value = query.get("sort") ?? "";
  markSlips();
  setView();
  tell("results");
}

function setView() {
  const size = state().get("size") || remembered.get("size", "M");
  const view = state().get("view") || remembered.get("view", "grid");
  arrange(size, view);
  for (const link of document.querySelectorAll("[data-change]")) {
    const values = Object.fromEntries(new URLSearchParams(link.dataset.change));
    link.href = addressOf(values);
    const isCurrent = "size" in values ? view === "grid" && values.size === size : (values.view || "grid") === view;
    isCurrent ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current");
  }
}

function change(values) {
  for (const name of ["size", "view"]) if (name in values) remembered.set(name, values[name] || (name === "view" ? "grid" : "M"));
  history.replaceState(history.state, "", addressOf(values));
  const [first] = scrollY ? tilesBetween(HEAD) : [];
  setView();
  first?.scrollIntoView({ block: "start" });
}

// What is wrong with a question

function fault(text, position = "") {
  const line = document.querySelector(".head .fault") ?? document.getElementById("fault");
  if (line) Object.assign(line, { textContent: text, hidden: false });
  const field = document.querySelector(".search input[type=search]");
  field.setAttribute("aria-invalid", "true");
  mark([[position ? Number(position) : 0, field.value.length]]);
}

function markSlips() {
  document.querySelector(".search input[type=search]").removeAttribute("aria-invalid");
  mark([...document.querySelectorAll(".meant [data-start]")].map((link) => [Number(link.dataset.start), Number(link.dataset.end)]));
}

function mark(spans) {
  const field = document.querySelector(".search input[type=search]");
  const mirror = document.querySelector(".search .mirror");
  mirror.replaceChildren();
  let end = 0;
  for (const [start, stop] of spans.sort((one, other) => one[0] - other[0])) {
    if (start < end) continue;
    mirror.append(field.value.slice(end, start), Object.assign(document.createElement("span"), { className: "slip", textContent: field.value.slice(start, stop) }));
    end = stop;
  }
  mirror.scrollLeft = field.scrollLeft;
}

// The focus stays at the link that was followed, or beside it

function describeFocus() {
  const link = document.activeElement;
  if (!results().contains(link)) return null;
  const group = link.closest("[role=group], .clauses");
  const name = (link.getAttribute("aria-label") ?? link.textContent).replace(/, [\d,]+$/, "");
  return { group: group?.getAttribute("aria-label"), name };
}

function restoreFocus(focus) {
  if (!focus) return;
  const named = (each) => (each.getAttribute("aria-label") ?? each.textContent).replace(/, [\d,]+$/, "") === focus.name;
  const group = [...results().querySelectorAll("[role=group], .clauses")].find((each) => each.getAttribute("aria-label") === focus.group);
  const links = [...(group?.querySelectorAll("a") ?? [])];
  const target = links.find(named) ?? links[0] ?? found();
  if (target === found()) target.tabIndex = -1;
  target?.focus({ preventScroll: true });
}

// Following links, the form, and the way back

const isPlain = (event) => !(event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.defaultPrevented);

function follow(event) {
  const link = event.target.closest?.("a[href]");
  if (!link || !isPlain(event) || link.hasAttribute("download") || link.matches(".tile a, a.review")) return;
  if (!link.closest("#results, .bar, dialog.filters")) return;
  const url = new URL(link.getAttribute("href"), location.href); // those in a picture of numbers have no plain `href`
  if (link.dataset.change) {
    event.preventDefault();
    change(Object.fromEntries(new URLSearchParams(link.dataset.change)));
  } else if (url.origin === location.origin && url.pathname === `${base}/` && !link.dataset.facet) {
    event.preventDefault();
    show(url);
  }
}

function back() {
  if (!results()) return;
  const query = question();
  setView();
  if (query === shown) return; // only what lies above the tiles is another one
  keep();
  entry = history.state?.entry ?? 0;
  const kept = answers.get(entry);
  if (kept?.shown === query) {
    asking += 1;
    results().replaceChildren(...kept.nodes);
    settle();
    scrollTo(0, kept.top);
    const rail = document.getElementById("rail");
    if (rail) rail.scrollTop = kept.rail ?? 0;
  } else {
    show(location.href, { replace: true });
  }
}

// What others bring in meanwhile

const liveAddress = (more = {}) => `${base}/-/gallery/live?${new URLSearchParams({ q: state().get("q") ?? "", stack: state().get("stack") ?? "", ...more })}`;

let isWatching = false;
async function look() {
  const main = found();
  if (isWatching || document.hidden || !main?.dataset.revision) return;
  isWatching = true;
  try {
    const answer = await fetch(liveAddress({ revision: main.dataset.revision }));
    if (answer.ok && main.isConnected) tellChanges(main, await answer.json());
  } catch {
    // the server is away: the next look tells
  } finally {
    isWatching = false;
  }
}

function tellChanges(main, said) {
  if (said.revision === main.dataset.revision) return;
  main.dataset.revision = said.revision;
  if (!tiles().length && said.matches) {
    show(location.href, { replace: true });
    return;
  }
  const more = said.matches - Number(main.dataset.matches);
  main.querySelector(".fresh")?.remove();
  if (more > 0) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "fresh", textContent: `${more.toLocaleString("en")} new` });
    button.addEventListener("click", () => show(addressOf({ after: "", before: "" }), { replace: true }).then(() => scrollTo(0, 0)));
    main.querySelector(".count").after(button);
  }
  tell("stale");
}

/** Count again, and show the filters as they are now. */
async function recount() {
  const query = state();
  const number = asking;
  const [part, answer] = await Promise.all([
    fetchPart(`/-/gallery/rail?${query}`),
    fetch(liveAddress()).then((each) => each.json()),
  ]);
  const fresh = part.content.querySelector("#rail");
  const rail = document.getElementById("rail");
  if (number !== asking || !part.isFine || !fresh || !rail || rail.contains(document.activeElement)) return;
  const top = rail.scrollTop;
  rail.replaceWith(fresh);
  fresh.scrollTop = top;
  const main = found();
  main.dataset.revision = answer.revision;
  main.dataset.matches = answer.matches;
  main.querySelector(".count").textContent = `${answer.matches.toLocaleString("en")} of ${answer.whole.toLocaleString("en")}`;
}

export function start() {
  if (!results()) return;
  history.scrollRestoration = "manual";
  entry = history.state?.entry ?? 0;
  history.replaceState({ ...history.state, entry }, "");
  shown = question();
  setView();
  markSlips();
  document.addEventListener("click", follow);
  document.addEventListener("keydown", (event) => {
    if (event.key === " " && event.target.matches?.("a[role=button]")) { event.preventDefault(); event.target.click(); }
  });
  addEventListener("popstate", back);
  on("go", (values) => show(addressOf(values)));
  on("change", change);
  let waiting = 0;
  on("edited", () => { clearTimeout(waiting); waiting = setTimeout(recount, 500); });
  setInterval(look, POLL);
}
