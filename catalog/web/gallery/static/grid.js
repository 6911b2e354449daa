// The tiles: the one that has the cursor, what keys do with it, and the pages that follow while one scrolls.

import { fetchPart, on, state, tell, toast } from "./core.js";
import { bind, topDialog } from "./keys.js";
import { edit } from "./edits.js";
import { copyAndSay, describe, showInFolder } from "./files.js";
import { forgetShape, grid, layOut, results, tiles, tilesBetween, watch } from "./layout.js";

const SIZES = ["S", "M", "L"];
const MOST_TILES = 600; // that are loaded to come back to where one was
const AT_ONCE = 100; // tiles that are asked for by name

export const cursor = () => document.activeElement?.closest?.("[role=grid] .tile") ?? null;
const entry = () => document.querySelector("[role=grid] .tile[tabindex='0']");

/** Where keys move the cursor: while no dialog is open, and nothing else that takes keys has the focus. */
const around = {
  name: "Videos",
  isShown: () => topDialog() === null && grid() !== null && (cursor() !== null || document.activeElement === document.body || document.activeElement === null),
};
/** Where keys do something with the tile that has the cursor. */
export const onTile = { name: "Videos", isShown: () => topDialog() === null && cursor() !== null };

/** Give a tile the cursor. */
export function moveTo(tile, { focus = true } = {}) {
  if (!tile) return;
  const old = entry();
  if (old && old !== tile) old.tabIndex = -1;
  tile.tabIndex = 0;
  if (focus) {
    tile.focus({ preventScroll: true });
    tile.scrollIntoView({ block: "nearest" });
  }
}

function beside(step) {
  const all = tiles();
  const now = cursor();
  if (!now) return entry();
  return all[Math.min(all.length - 1, Math.max(0, all.indexOf(now) + step))];
}

/** The tile in another row that is nearest to the middle of the one with the cursor. */
function inRow(step) {
  const now = cursor();
  if (!now) return entry();
  const rows = [...grid().children];
  const at = rows.indexOf(now.parentElement);
  const row = rows[Math.min(rows.length - 1, Math.max(0, at + step))];
  if (row === now.parentElement) return step < 0 ? row.firstElementChild : row.lastElementChild;
  const middle = now.offsetLeft + now.offsetWidth / 2;
  const away = (tile) => Math.abs(tile.offsetLeft + tile.offsetWidth / 2 - middle);
  return [...row.children].reduce((best, tile) => (away(tile) < away(best) ? tile : best));
}

function page() {
  const row = (cursor() ?? entry())?.parentElement;
  return Math.max(1, Math.floor((innerHeight - 120) / (row?.offsetHeight || 200)));
}

const edge = (isLast) => (isLast ? tiles().at(-1) : tiles()[0]);
const moves = {
  ArrowLeft: ["The video before", () => beside(-1)],
  ArrowRight: ["The video after", () => beside(1)],
  ArrowUp: ["The row above", () => inRow(-1)],
  ArrowDown: ["The row below", () => inRow(1)],
  Home: ["The first of the row", () => cursor()?.parentElement.firstElementChild ?? entry()],
  End: ["The last of the row", () => cursor()?.parentElement.lastElementChild ?? entry()],
  PageUp: ["A page up", () => inRow(-page())],
  PageDown: ["A page down", () => inRow(page())],
  "Control+Home": ["The first video", () => edge(false)],
  "Control+End": ["The last video that is loaded", () => edge(true)],
};

function bindMoves() {
  for (const [key, [label, find]] of Object.entries(moves)) {
    bind(around, key, label, () => {
      const tile = find();
      if (!tile) return false;
      moveTo(tile);
    });
    if (key.startsWith("Control")) continue;
    bind(onTile, `Shift+${key}`, "Select up to there", () => {
      const from = cursor();
      moveTo(find());
      tell("extend", { from, to: cursor() });
    });
    if (!(`Control+${key}` in moves)) bind(onTile, `Control+${key}`, "Move and leave the selection", () => moveTo(find()));
  }
  bind(around, "g", "The first video", () => { scrollTo(0, 0); moveTo(edge(false)); });
}

function nextUnrated() {
  const all = tiles();
  const from = all.indexOf(cursor()) + 1;
  const found = all.slice(from).find((tile) => tile.dataset.rating === "0");
  if (found) moveTo(found);
  else toast(nextLink() ? "All that are loaded are rated: scroll on for more" : "All further videos are rated");
}

/** What a key is about: what is selected, if the tile with the cursor is part of that, else this tile. */
let chosen = () => [];
export const chooseBy = (list) => { chosen = list; };
export function subjects() {
  const ref = cursor()?.dataset.ref;
  const selected = chosen();
  return !ref || selected.includes(ref) ? selected : [ref];
}

async function copyPrompt(ref) {
  const { prompt } = await describe(ref);
  prompt ? await copyAndSay("prompt", prompt) : toast("This video has no prompt");
}

function bindActs() {
  const writes = { writes: true };
  bind(onTile, ["1", "2", "3", "4", "5"], "Rate", (_, key) => { edit("rate", subjects(), Number(key)); }, writes);
  bind(onTile, "0", "Take the rating off", () => { edit("rate", subjects(), 0); }, writes);
  bind(onTile, "p", "Keep", () => { edit("verdict", subjects(), "keep"); }, writes);
  bind(onTile, "x", "Reject", () => { edit("verdict", subjects(), "reject"); }, writes);
  bind(onTile, "u", "Neither keep nor reject", () => { edit("verdict", subjects(), "undecided"); }, writes);
  bind(onTile, "t", "Tag", () => tell("choose", "tag"), writes);
  bind(onTile, "b", "Put into a collection", () => tell("choose", "collect"), writes);
  bind(onTile, "c", "Compare what is selected", () => tell("choose", "compare"));
  bind(onTile, "y", "Copy the prompt", () => { copyPrompt(cursor().dataset.ref); });
  bind(onTile, "o", "Show the file in its folder, or copy its path", () => { showInFolder(cursor().dataset.ref); });
  bind(onTile, "n", "The next unrated video", nextUnrated);
  bind(onTile, "Enter", "Open", (event) => {
    if (event.target !== cursor()) return false;
    open(cursor());
  });
  bind(around, "v", "Another size of tiles", () => {
    const now = results().dataset.view === "list" ? "S" : results().dataset.size;
    tell("change", { size: SIZES[(SIZES.indexOf(now) + 1) % SIZES.length], view: "" });
  });
  bind(around, "s", "One tile per prompt, or all takes", () => tell("go", { stack: state().get("stack") ? "" : "prompt" }));
}

function open(tile) {
  moveTo(tile);
  if (!tell("open", tile.dataset.ref)) location.assign(tile.querySelector("a.open").href);
}

function click(event) {
  const link = event.target.closest?.(".tile a.open");
  if (!link || event.defaultPrevented || event.button || event.altKey) return;
  const tile = link.closest(".tile");
  if (event.shiftKey || event.ctrlKey || event.metaKey) {
    event.preventDefault();
    const from = entry();
    moveTo(tile);
    tell(event.shiftKey ? "extend" : "toggle", { from, to: tile });
    return;
  }
  event.preventDefault();
  open(tile);
}

// Further pages

const nextLink = () => document.querySelector(".pager a[rel=next]");
let loading = null;

/** Append the next page, once, whoever asks for it meanwhile; false where there is none. */
export function loadMore() {
  loading ??= append(nextLink()).finally(() => { loading = null; });
  return loading;
}

async function append(link) {
  if (!link) return false;
  try {
    const part = await fetchPart(`/-/gallery/results${new URL(link.href).search}`);
    if (!part.isFine || nextLink() !== link) return false;
    const count = tiles().length;
    const known = new Set(tiles().map((tile) => tile.dataset.ref));
    const more = [...part.content.querySelectorAll(".tile")].filter((tile) => !known.has(tile.dataset.ref));
    for (const tile of more) tile.tabIndex = -1;
    grid().lastElementChild.append(...more);
    layOut(count);
    const further = part.content.querySelector(".pager a[rel=next]");
    further ? link.replaceWith(further) : link.remove();
    watchEnd();
    tell("more", more);
    return true;
  } catch {
    return false;
  }
}

let end = null;
function watchEnd() {
  end?.disconnect();
  const link = nextLink();
  if (!link) return;
  end = new IntersectionObserver((seen) => { if (seen.some((each) => each.isIntersecting)) loadMore(); }, { rootMargin: "1200px" });
  end.observe(link.parentElement);
}

// What has changed

/** Show some tiles as they are now; those that are not there any more go. */
async function refresh(refs) {
  const shown = new Map(tiles().map((tile) => [tile.dataset.ref, tile]));
  const wanted = refs.filter((ref) => shown.has(ref)).slice(0, AT_ONCE);
  if (!wanted.length) return;
  const query = state();
  query.set("refs", wanted.join("\n"));
  const part = await fetchPart(`/-/gallery/tiles?${query}`);
  if (!part.isFine) return;
  const fresh = new Map([...part.content.querySelectorAll(".tile")].map((tile) => [tile.dataset.ref, tile]));
  const gone = wanted.filter((ref) => !fresh.has(ref)).map((ref) => shown.get(ref));
  for (const [ref, tile] of fresh) update(shown.get(ref), tile);
  if (gone.length) remove(gone);
}

function update(tile, fresh) {
  const takes = tile.querySelector(".marks .takes");
  for (const name of fresh.getAttributeNames()) {
    if (!["tabindex", "aria-selected", "class", "style"].includes(name)) tile.setAttribute(name, fresh.getAttribute(name));
  }
  if (takes) fresh.querySelector(".marks").append(takes);
  const picture = tile.querySelector(".picture > img");
  const another = fresh.querySelector(".picture > img");
  if (picture && another && picture.getAttribute("src") === another.getAttribute("src")) {
    picture.alt = another.alt;
    another.replaceWith(picture); // one that is loaded does not flicker
  }
  tile.querySelector("a.open").replaceWith(fresh.querySelector("a.open"));
  forgetShape(tile);
}

function remove(gone) {
  const all = tiles();
  const first = Math.min(...gone.map((tile) => all.indexOf(tile)));
  const hadCursor = gone.includes(cursor());
  for (const tile of gone) tile.remove();
  const near = tiles()[Math.min(first, tiles().length - 1)];
  layOut();
  if (near && (hadCursor || !entry())) moveTo(near, { focus: hadCursor });
  tell("removed", gone.map((tile) => tile.dataset.ref));
}

// Where one was, for who comes back to the page from another

function keep() {
  if (!grid()) return;
  const kept = { top: scrollY, tiles: tiles().length, selected: chosen(), ref: entry()?.dataset.ref };
  history.replaceState({ ...history.state, kept }, "");
}

async function comeBack() {
  const kept = history.state?.kept;
  if (!kept) return;
  while (tiles().length < Math.min(kept.tiles, MOST_TILES) && (await loadMore()));
  tell("select", kept.selected ?? []);
  const tile = tiles().find((each) => each.dataset.ref === kept.ref);
  if (tile) moveTo(tile, { focus: false });
  scrollTo(0, kept.top);
}

export function start() {
  if (!results()) return;
  watch();
  bindMoves();
  bindActs();
  document.addEventListener("click", click);
  document.addEventListener("focusin", (event) => {
    const tile = event.target.closest?.("[role=grid] .tile");
    if (tile && tile === event.target) moveTo(tile, { focus: false });
  });
  addEventListener("pagehide", keep);
  on("results", () => { layOut(); watch(); watchEnd(); });
  on("edited", ({ refs } = {}) => refresh(refs ?? tiles().map((tile) => tile.dataset.ref)));
  on("stale", () => refresh(tilesBetween().map((tile) => tile.dataset.ref)));
  on("closed", () => entry()?.focus({ preventScroll: true }));
  watchEnd();
  comeBack();
}
