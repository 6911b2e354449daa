// Below the pointer a tile plays: from its sheet of frames, or the clip itself; the pointer's place scrubs.

import { base, isStill } from "./core.js";

const WAIT = 150; // milliseconds before a tile plays
const FASTEST = 120; // milliseconds of a frame

let stop = () => {};

function playSheet(tile, picture) {
  const [columns, rows] = tile.dataset.grid.split("x").map(Number);
  const view = Object.assign(document.createElement("span"), { className: "scrub" });
  const count = columns * rows;
  let frame = -1;
  const show = (number) => {
    frame = number;
    const column = number % columns;
    const row = Math.floor(number / columns);
    view.style.backgroundPosition = `${columns > 1 ? (100 * column) / (columns - 1) : 0}% ${rows > 1 ? (100 * row) / (rows - 1) : 0}%`;
    view.dataset.frame = number;
  };
  const sheet = new Image();
  let timer = 0;
  let isGone = false;
  sheet.addEventListener("load", () => {
    if (isGone) return;
    view.style.backgroundImage = `url("${sheet.src}")`;
    view.style.backgroundSize = `${100 * columns}% ${100 * rows}%`;
    show(Math.max(0, frame));
    picture.querySelector("img, svg").after(view);
    if (!isStill.matches) timer = setInterval(() => show((frame + 1) % count), Math.max(FASTEST, 4000 / count));
  });
  sheet.src = `${base}/-/media/${tile.dataset.sheet}`;
  return {
    scrub: (part) => { clearInterval(timer); show(Math.min(count - 1, Math.floor(part * count))); },
    stop: () => { isGone = true; clearInterval(timer); view.remove(); },
  };
}

function playClip(tile, picture) {
  const view = Object.assign(document.createElement("video"), { className: "scrub", muted: true, loop: true, playsInline: true, preload: "metadata" });
  view.setAttribute("aria-hidden", "true");
  view.tabIndex = -1;
  view.src = `${base}/-/media/${tile.dataset.clip}`;
  picture.querySelector("img, svg").after(view);
  if (!isStill.matches) view.play().catch(() => view.remove());
  return {
    scrub: (part) => { if (view.duration) { view.pause(); view.currentTime = part * view.duration; } },
    stop: () => { view.removeAttribute("src"); view.load(); view.remove(); },
  };
}

function enter(tile) {
  stop();
  const picture = tile.querySelector(".picture");
  if (!tile.dataset.sheet && !tile.dataset.clip) return;
  let player = null;
  const begin = () => { player ??= tile.dataset.sheet ? playSheet(tile, picture) : playClip(tile, picture); };
  const timer = setTimeout(begin, WAIT);
  let last = null;
  const move = (event) => {
    const place = picture.getBoundingClientRect();
    const isFirst = last === null;
    const distance = Math.abs(event.clientX - (last ?? event.clientX));
    last = event.clientX;
    if (isFirst || distance < 1 || !player) return;
    player.scrub(Math.min(0.999, Math.max(0, (event.clientX - place.left) / place.width)));
  };
  const leave = () => { stop(); };
  tile.addEventListener("pointermove", move);
  tile.addEventListener("pointerleave", leave);
  stop = () => {
    clearTimeout(timer);
    tile.removeEventListener("pointermove", move);
    tile.removeEventListener("pointerleave", leave);
    player?.stop();
    stop = () => {};
  };
}

export function start() {
  let over = null;
  document.addEventListener("pointerover", (event) => {
    const tile = event.pointerType === "touch" ? null : event.target.closest?.("[role=grid] .tile");
    if (tile === over) return;
    over = tile;
    tile ? enter(tile) : stop();
  });
}
