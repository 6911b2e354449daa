// What is selected, and what can be done with all of it at once.

import { READ_ONLY, addressOf, base, mayWrite, on, tell, toast } from "./core.js";
import { bind, openDialog } from "./keys.js";
import { edit, knownNames } from "./edits.js";
import { chooseBy, cursor, moveTo, onTile, subjects } from "./grid.js";
import { grid, results, tiles, tilesBetween } from "./layout.js";

const LONG_PRESS = 500; // milliseconds
const DRAGGED = 6; // pixels from which on a drag is one
const COMPARED = 4;

const selected = new Set(); // refs
let anchor = null; // the tile from which a range extends
let bar = null;

const list = () => tiles().filter((tile) => selected.has(tile.dataset.ref)).map((tile) => tile.dataset.ref);

function set(tile, isSelected) {
  tile.setAttribute("aria-selected", String(isSelected));
  isSelected ? selected.add(tile.dataset.ref) : selected.delete(tile.dataset.ref);
}

function toggle(tile) {
  set(tile, !selected.has(tile.dataset.ref));
  anchor = tile;
  show();
}

/** Select from where the last range began up to a tile, and nothing else of that range. */
function extend({ from, to }) {
  const all = tiles();
  if (!anchor?.isConnected) anchor = from ?? to;
  const ends = [all.indexOf(anchor), all.indexOf(to)].sort((one, other) => one - other);
  for (const [index, tile] of all.entries()) {
    if (index >= ends[0] && index <= ends[1]) set(tile, true);
    else if (ranged.has(tile)) set(tile, false);
  }
  ranged = new Set(all.slice(ends[0], ends[1] + 1));
  show();
}
let ranged = new Set();

function clear() {
  for (const tile of tiles()) if (selected.has(tile.dataset.ref)) set(tile, false);
  selected.clear();
  ranged = new Set();
  anchor = null;
  show();
}

/** After other tiles are shown: those that come back are selected as they were. */
function adopt() {
  selected.clear();
  for (const tile of tiles()) if (tile.getAttribute("aria-selected") === "true") selected.add(tile.dataset.ref);
  anchor = null;
  show();
}

function select(refs) {
  for (const tile of tiles()) if (refs.includes(tile.dataset.ref)) set(tile, true);
  show();
}

function show() {
  const count = selected.size;
  if (!bar && !count) return;
  bar ??= makeBar();
  bar.hidden = !count;
  document.body.classList.toggle("selecting", count > 0);
  bar.querySelector(".amount").textContent = `${count.toLocaleString("en")} selected`;
  const box = document.querySelector(".handles input");
  if (box) box.checked = selected.has(box.closest(".tile").dataset.ref);
}

const acts = {
  Rate: () => choose("rate"),
  Tag: () => choose("tag"),
  Collection: () => choose("collect"),
  Compare: () => compare(list()),
  Export: () => download(list()),
  Hide: () => change("hide", list()),
  Clear: () => { const tile = tiles().find((each) => each.tabIndex === 0); clear(); tile?.focus({ preventScroll: true }); },
};

function makeBar() {
  const place = document.createElement("div");
  place.className = "selection";
  place.setAttribute("role", "toolbar");
  place.setAttribute("aria-label", "Selection");
  place.append(Object.assign(document.createElement("span"), { className: "amount" }));
  place.firstChild.setAttribute("role", "status");
  for (const [name, act] of Object.entries(acts)) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: name });
    button.addEventListener("click", act);
    place.append(button);
  }
  document.body.append(place);
  return place;
}


function change(act, refs, value) {
  if (mayWrite) return edit(act, refs, value);
  toast(READ_ONLY);
  return null;
}

function compare(refs) {
  if (refs.length < 2 || refs.length > COMPARED) toast(`compare takes 2 to ${COMPARED}: ${refs.length} selected`);
  else if (!tell("compare", refs)) location.assign(addressOf({ compare: refs.join(",") }));
}

/** Have the server send a file: as a form, because the refs may be too many for an address. */
function download(refs) {
  const form = Object.assign(document.createElement("form"), { method: "post", action: `${base}/-/gallery/export`, hidden: true });
  form.append(Object.assign(document.createElement("textarea"), { name: "refs", value: refs.join("\n") }));
  document.body.append(form);
  form.submit();
  form.remove();
}

// Dialogs that ask for a value

function choose(what) {
  const refs = cursor() ? subjects() : list();
  if (!refs.length) return;
  if (what === "compare") compare(refs);
  else if (!mayWrite) toast(READ_ONLY);
  else dialogs[what](refs);
}

function makeDialog(name, refs) {
  const dialog = document.createElement("dialog");
  dialog.className = "chooser";
  dialog.setAttribute("aria-label", name);
  const count = refs.length;
  dialog.append(Object.assign(document.createElement("h2"), { textContent: `${name}: ${count.toLocaleString("en")} video${count === 1 ? "" : "s"}` }));
  return dialog;
}

/** A dialog with one field, and what there is already to pick from. */
function ask(name, label, refs, find, act) {
  const dialog = makeDialog(name, refs);
  const form = document.createElement("form");
  form.method = "dialog";
  const field = Object.assign(document.createElement("input"), { type: "text", required: true, autocomplete: "off" });
  const caption = document.createElement("label");
  caption.append(label, field);
  const choices = document.createElement("ul");
  const button = Object.assign(document.createElement("button"), { type: "submit", textContent: name });
  form.append(caption, choices, button);
  dialog.append(form);
  const take = (value) => { dialog.close(); change(act, refs, value); };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (field.value.trim()) take(field.value.trim());
  });
  const offer = async () => {
    const asked = field.value;
    const found = await find(asked).catch(() => []);
    if (field.value !== asked) return;
    choices.replaceChildren(...found.map((text) => {
      const choice = Object.assign(document.createElement("button"), { type: "button", textContent: text });
      choice.addEventListener("click", () => {
        if (text.endsWith("=")) { field.value = text; field.focus(); offer(); } else take(text);
      });
      const item = document.createElement("li");
      item.append(choice);
      return item;
    }));
  };
  field.addEventListener("input", offer);
  offer();
  openDialog(dialog);
  field.focus();
}

const getJson = async (path) => (await fetch(`${base}${path}`)).json();

async function findTags(text) {
  const { words } = await getJson(`/-/gallery/complete?word=${encodeURIComponent(`tag:${text}`)}`);
  return words.map((word) => word.slice("tag:".length).replace(/^"(.*)"$/s, "$1").replaceAll('""', '"'));
}

async function findCollections(text) {
  const { collections } = await knownNames();
  return collections.filter((path) => path.toLowerCase().includes(text.toLowerCase()));
}

function rate(refs) {
  const dialog = makeDialog("Rate", refs);
  const stars = Object.assign(document.createElement("div"), { className: "stars" });
  stars.setAttribute("role", "group");
  stars.setAttribute("aria-label", "Rating");
  for (const value of [1, 2, 3, 4, 5, 0]) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: value ? "★".repeat(value) : "No rating" });
    if (value) button.setAttribute("aria-label", `Rate ${value}`);
    button.addEventListener("click", () => { dialog.close(); change("rate", refs, value); });
    stars.append(button);
  }
  dialog.append(stars);
  openDialog(dialog);
}

const dialogs = {
  rate,
  tag: (refs) => ask("Tag", "A tag, such as hero or campaign=launch", refs, findTags, "tag"),
  collect: (refs) => ask("Collection", "A collection, such as launch/teasers", refs, findCollections, "collect"),
};

// A tick and stars on the tile below the pointer

let controls = null;
function makeControls() {
  const place = Object.assign(document.createElement("div"), { className: "handles" });
  const box = Object.assign(document.createElement("input"), { type: "checkbox", tabIndex: -1 });
  box.setAttribute("aria-label", "Select");
  box.addEventListener("change", () => toggle(place.closest(".tile")));
  const stars = Object.assign(document.createElement("div"), { className: "stars" });
  stars.setAttribute("role", "group");
  stars.setAttribute("aria-label", "Rating");
  for (const value of mayWrite ? [1, 2, 3, 4, 5] : []) {
    const star = Object.assign(document.createElement("button"), { type: "button", textContent: "★", tabIndex: -1 });
    star.setAttribute("aria-label", `Rate ${value}`);
    star.addEventListener("click", () => {
      const { ref, rating } = place.closest(".tile").dataset;
      edit("rate", [ref], Number(rating) === value ? 0 : value);
    });
    stars.append(star);
  }
  if (!mayWrite) stars.hidden = true;
  place.append(box, stars);
  return place;
}

function hover(tile) {
  controls ??= makeControls();
  if (controls.parentElement !== tile) tile.append(controls);
  controls.querySelector("input").checked = selected.has(tile.dataset.ref);
  for (const [index, star] of controls.querySelectorAll("button").entries()) star.setAttribute("aria-pressed", String(index < Number(tile.dataset.rating)));
}

function watchPointer() {
  document.addEventListener("pointerover", (event) => {
    const tile = event.pointerType === "touch" ? null : event.target.closest?.("[role=grid] .tile");
    if (tile) hover(tile);
  });
  let press = 0;
  let pressed = false;
  document.addEventListener("pointerdown", (event) => {
    pressed = false;
    const tile = event.target.closest?.("[role=grid] .tile");
    if (event.pointerType !== "touch" || !tile) return;
    press = setTimeout(() => { pressed = true; moveTo(tile, { focus: false }); toggle(tile); navigator.vibrate?.(20); }, LONG_PRESS);
  });
  for (const name of ["pointerup", "pointercancel", "pointermove", "scroll"]) {
    document.addEventListener(name, (event) => {
      if (name !== "pointermove" || Math.hypot(event.movementX, event.movementY) > DRAGGED) clearTimeout(press);
    }, { passive: true, capture: true });
  }
  document.addEventListener("contextmenu", (event) => { if (pressed) event.preventDefault(); });
  document.addEventListener("click", (event) => {
    const tile = event.target.closest?.("[role=grid] .tile a.open");
    if (!tile) return;
    if (pressed) { event.preventDefault(); event.stopPropagation(); pressed = false; }
  }, { capture: true });
}

// A box that is dragged selects what it touches

function watchBox() {
  let box = null;
  let start = null;
  let before = new Set();
  document.addEventListener("pointerdown", (event) => {
    if (event.button || event.pointerType === "touch" || !results()?.contains(event.target)) return;
    if (event.target.closest("a, button, input, .tile, .rail, .head") || !grid()) return;
    start = { x: event.pageX, y: event.pageY };
    before = event.ctrlKey || event.shiftKey ? new Set(selected) : new Set();
  });
  document.addEventListener("pointermove", (event) => {
    if (!start) return;
    const x = [start.x, event.pageX].sort((one, other) => one - other);
    const y = [start.y, event.pageY].sort((one, other) => one - other);
    if (!box && Math.max(x[1] - x[0], y[1] - y[0]) < DRAGGED) return;
    if (!box) {
      box = Object.assign(document.createElement("div"), { className: "box" });
      document.body.append(box);
      document.body.classList.add("dragging");
    }
    Object.assign(box.style, { left: `${x[0]}px`, top: `${y[0]}px`, width: `${x[1] - x[0]}px`, height: `${y[1] - y[0]}px` });
    const near = new Set(tilesBetween(y[0] - scrollY, y[1] - scrollY));
    for (const tile of tiles()) {
      const place = near.has(tile) ? tile.getBoundingClientRect() : null;
      const touches = place !== null && place.left + scrollX < x[1] && place.right + scrollX > x[0] && place.top + scrollY < y[1] && place.bottom + scrollY > y[0];
      const isSelected = touches || before.has(tile.dataset.ref);
      if (isSelected !== selected.has(tile.dataset.ref)) set(tile, isSelected);
    }
    show();
  });
  const end = () => {
    if (start && !box && selected.size && !before.size) clear(); // a click beside all tiles
    box?.remove();
    document.body.classList.remove("dragging");
    box = start = null;
  };
  document.addEventListener("pointerup", end);
  document.addEventListener("pointercancel", end);
}

export function start() {
  if (!results()) return;
  chooseBy(list);
  bind(onTile, " ", "Select", (event) => (event.target === cursor() ? toggle(cursor()) : false));
  bind(onTile, "Control+a", "Select all that are loaded", () => { for (const tile of tiles()) set(tile, true); show(); });
  bind(onTile, "Escape", "Clear the selection", () => (selected.size ? clear() : false));
  on("toggle", ({ to }) => toggle(to));
  on("extend", extend);
  on("select", select);
  on("choose", choose);
  on("results", adopt);
  on("removed", (refs) => { for (const ref of refs) selected.delete(ref); show(); });
  watchPointer();
  watchBox();
}
