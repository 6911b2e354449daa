// Puts tiles in rows: all of a row equally high, each in the shape of its clip, and the row as wide as the page.

import { remembered, state } from "./core.js";

const NARROW = 150; // pixels of a tile that has no room for stars
const PHONE = matchMedia("(max-width: 699px)"); // which has two columns
const TALLEST = 1.4; // times the usual height of a row
const RAGGED = 1.25; // times the usual height up to which a last row is stretched
const LINE = 73; // pixels of a line of the list

export const results = () => document.getElementById("results");
export const grid = () => document.querySelector("[role=grid]");
export const tiles = () => [...document.querySelectorAll("[role=grid] .tile")];

let room = 0; // pixels that a row of tiles has, as they were at the last frame: to ask for them costs a layout
const sizes = new ResizeObserver(([{ contentRect }]) => {
  const now = Math.floor(contentRect.width);
  if (!now || now === room) return;
  room = now;
  layOut();
});

/** The tiles of the rows that stand between two heights of the window; tiles that are not drawn are laid out when asked. */
export const tilesBetween = (top = 0, bottom = innerHeight) => [...(grid()?.children ?? [])].filter((row) => {
  const place = row.getBoundingClientRect();
  return place.bottom > top && place.top < bottom;
}).flatMap((row) => [...row.children]);

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

/** Give a row its tiles; without a height, as a line of the list. */
function fill(row, { some, height }, lines) {
  for (const tile of some) {
    const width = height ? shapeOf(tile) * height : 0;
    tile.style.width = width ? `${width}px` : "";
    tile.classList.toggle("narrow-tile", width > 0 && width < NARROW);
    if (tile.parentElement !== row) row.append(tile);
  }
  if (height) row.style.setProperty("--tall", `${height}px`);
  row.style.containIntrinsicSize = `auto none auto ${height ? height + lines + 8 : LINE}px`;
}

/** Size and view as this browser remembers them, where the address names none. */
export function remember() {
  const { dataset } = results();
  for (const name of ["size", "view"]) if (!state().get(name)) dataset[name] = remembered.get(name, dataset[name]);
}

/** Show the tiles in this size and view. */
export function arrange(size, view) {
  const { dataset } = results();
  if (dataset.size !== size || dataset.view !== view) layOut(0, { size, view });
}

/** Put tiles in rows, those from `first` on: of all others the rows stay. */
export function layOut(first = 0, change = {}) {
  const place = grid();
  room ||= place?.clientWidth;
  const focused = place?.contains(document.activeElement) ? document.activeElement : null;
  const all = tiles();
  if (!first) place?.replaceChildren(); // before anything changes, so that no style is computed for rows that go
  Object.assign(results().dataset, change);
  if (!place) return;
  const last = first ? all[first - 1].parentElement : null; // it is filled up before another one begins
  const some = last ? all.slice(all.indexOf(last.firstElementChild)) : all;
  const style = getComputedStyle(place);
  const [usual, lines, gap] = ["--tall", "--lines", "--gap"].map((name) => parseFloat(style.getPropertyValue(name)));
  const parts = results().dataset.view === "list" ? some.map((tile) => ({ some: [tile] })) : justify(some, usual, gap);
  const rows = parts.map((part, index) => {
    const row = (index === 0 && last) || makeRow();
    fill(row, part, lines);
    return row;
  });
  place.append(...rows.slice(last ? 1 : 0));
  if (focused && document.activeElement !== focused) focused.focus({ preventScroll: true });
}

/** Tiles in rows of nearly the usual height: of each row its tiles and its height. */
function justify(all, usual, gap) {
  const isPhone = PHONE.matches;
  const rows = [];
  let some = [];
  let shape = 0;
  const heightOf = (count, shapes) => (room - gap * (count - 1)) / shapes;
  const end = (height) => {
    rows.push({ some, height });
    some = [];
    shape = 0;
  };
  for (const tile of all) {
    const before = some.length ? heightOf(some.length, shape) : Infinity;
    const after = heightOf(some.length + 1, shape + shapeOf(tile));
    // a tile that would make the row much lower begins another one
    if (!isPhone && before < usual * TALLEST && before - usual < usual - after) end(before);
    some.push(tile);
    shape += shapeOf(tile);
    const height = heightOf(some.length, shape);
    if (isPhone ? some.length === 2 : height <= usual) end(isPhone ? Math.min(height, innerHeight * 0.6) : height);
  }
  if (some.length) {
    const fitting = heightOf(some.length, shape);
    end(fitting < usual * RAGGED ? fitting : Math.min(usual, fitting));
  }
  return rows;
}

/** Lay out whenever the tiles have another room: also those of another answer, which come with a grid of their own. */
export function watch() {
  sizes.disconnect();
  if (grid()) sizes.observe(grid());
}
