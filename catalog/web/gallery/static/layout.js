// Puts tiles in rows: all of a row equally high, each in the shape of its clip, and the row as wide as the page.

import { remembered, state } from "./core.js";

const NARROW = 150; // pixels of a tile that has no room for stars
const PHONE = matchMedia("(max-width: 699px)"); // which has two columns
const TALLEST = 1.4; // times the usual height of a row
const RAGGED = 1.25; // times the usual height up to which a last row is stretched

export const results = () => document.getElementById("results");
export const grid = () => document.querySelector("[role=grid]");
export const tiles = () => [...document.querySelectorAll("[role=grid] .tile")];

const shapes = new WeakMap();

function shapeOf(tile) {
  if (!shapes.has(tile)) {
    const picture = tile.querySelector(".picture > img, .picture > svg");
    const width = Number(picture?.getAttribute("width")) || 16;
    shapes.set(tile, width / (Number(picture?.getAttribute("height")) || 9));
  }
  return shapes.get(tile);
}

export const forgetShape = (tile) => shapes.delete(tile);

function makeRow() {
  const row = document.createElement("div");
  row.setAttribute("role", "row");
  row.className = "row laid";
  return row;
}

function fill(row, some, height, lines) {
  for (const tile of some) {
    const width = shapeOf(tile) * height;
    tile.style.width = `${width}px`;
    tile.classList.toggle("narrow-tile", width < NARROW);
    row.append(tile);
  }
  row.style.setProperty("--tall", `${height}px`);
  row.style.containIntrinsicSize = `auto none auto ${height + lines + 8}px`;
}

function list(place, all) {
  const rows = all.map((tile) => {
    const row = makeRow();
    tile.style.width = "";
    tile.classList.remove("narrow-tile");
    row.style.containIntrinsicSize = "auto none auto 73px";
    row.append(tile);
    return row;
  });
  place.replaceChildren(...rows);
}

/** Size and view as this browser remembers them, where the address names none. */
export function remember() {
  const { dataset } = results();
  for (const name of ["size", "view"]) if (!state().get(name)) dataset[name] = remembered.get(name, dataset[name]);
}

/** Put tiles in rows, those from `first` on: of all others the rows stay. */
export function layOut(first = 0) {
  const place = grid();
  if (!place) return;
  const focused = place.contains(document.activeElement) ? document.activeElement : null;
  const all = tiles();
  if (results().dataset.view === "list") list(place, all);
  else justify(place, all, first);
  if (focused && document.activeElement !== focused) focused.focus({ preventScroll: true });
}

function justify(place, all, first) {
  const style = getComputedStyle(results());
  const usual = parseFloat(style.getPropertyValue("--tall"));
  const lines = parseFloat(style.getPropertyValue("--lines"));
  const gap = parseFloat(style.getPropertyValue("--gap"));
  const width = place.clientWidth;
  const isPhone = PHONE.matches;
  let from = first;
  const old = [...place.children];
  let kept = 0;
  if (first) {
    // the last row is filled up before another one begins
    const row = all[first - 1].parentElement;
    kept = old.indexOf(row);
    from = all.indexOf(row.firstElementChild);
  }
  const rows = [];
  let some = [];
  let shape = 0;
  const end = (height) => {
    const row = makeRow();
    fill(row, some, height, lines);
    rows.push(row);
    some = [];
    shape = 0;
  };
  for (const tile of all.slice(from)) {
    const before = some.length ? (width - gap * (some.length - 1)) / shape : Infinity;
    const after = (width - gap * some.length) / (shape + shapeOf(tile));
    // a tile that would make the row much lower begins another one
    if (!isPhone && before < usual * TALLEST && before - usual < usual - after) end(before);
    some.push(tile);
    shape += shapeOf(tile);
    const height = (width - gap * (some.length - 1)) / shape;
    if (isPhone ? some.length === 2 : height <= usual) end(isPhone ? Math.min(height, innerHeight * 0.6) : height);
  }
  if (some.length) {
    const fitting = (width - gap * (some.length - 1)) / shape;
    end(fitting < usual * RAGGED ? fitting : Math.min(usual, fitting));
  }
  for (const row of old.slice(kept)) row.remove();
  place.append(...rows);
}

/** Lay out whenever the room for tiles becomes wider or narrower. */
export function watch() {
  let width = grid()?.clientWidth;
  new ResizeObserver(() => {
    const now = grid()?.clientWidth;
    if (now && now !== width) layOut();
    width = now;
  }).observe(results());
}
