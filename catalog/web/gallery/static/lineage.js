// The family tree: the video that was asked for comes into sight, arrows go from node to node, a drag moves the picture.

import { bind, topDialog } from "./keys.js";

export function start() {
  const pane = document.querySelector(".family");
  if (!pane) return;
  const nodes = [...pane.querySelectorAll("a.node")];
  const focus = pane.querySelector("[aria-current]");
  if (focus) centre(pane, focus);
  drag(pane);

  const tree = { name: "Family tree", isShown: () => topDialog() === null && pane.contains(document.activeElement) };
  const go = (choose) => () => {
    const node = document.activeElement.closest("a.node") ?? focus ?? nodes[0];
    const next = node === document.activeElement ? choose(node) : node;
    if (!next) return false;
    next.focus({ preventScroll: true });
    centre(pane, next);
  };
  const number = (name) => nodes.find((node) => node.dataset.number === name);
  const below = (node) => nodes.filter((each) => each.dataset.above === node.dataset.number);
  const beside = (node, step) => {
    const same = nodes.filter((each) => each.dataset.above === node.dataset.above);
    return same[same.indexOf(node) + step] ?? nodes[nodes.indexOf(node) + step];
  };
  bind(tree, "ArrowLeft", "The video that it was made from", go((node) => number(node.dataset.above)));
  bind(tree, "ArrowRight", "The first video made from it", go((node) => below(node)[0]));
  bind(tree, "ArrowUp", "The video before", go((node) => beside(node, -1)));
  bind(tree, "ArrowDown", "The next video", go((node) => beside(node, 1)));
}

function centre(pane, node) {
  const outer = pane.getBoundingClientRect();
  const inner = node.getBoundingClientRect();
  pane.scrollLeft += inner.left + inner.width / 2 - outer.left - outer.width / 2;
  pane.scrollTop += inner.top + inner.height / 2 - outer.top - outer.height / 2;
}

const FAR = 5; // pixels from which on a press is a drag and not a click

function drag(pane) {
  let from = null;
  let isFar = false;
  pane.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "mouse" || event.button !== 0) return;
    from = { x: event.clientX, y: event.clientY, left: pane.scrollLeft, top: pane.scrollTop };
    isFar = false;
  });
  pane.addEventListener("dragstart", (event) => event.preventDefault());
  addEventListener("pointermove", (event) => {
    if (!from) return;
    isFar ||= Math.hypot(event.clientX - from.x, event.clientY - from.y) > FAR;
    if (!isFar) return;
    pane.classList.add("dragged");
    pane.scrollLeft = from.left - (event.clientX - from.x);
    pane.scrollTop = from.top - (event.clientY - from.y);
  });
  addEventListener("pointerup", () => {
    from = null;
    pane.classList.remove("dragged");
  });
  pane.addEventListener("click", (event) => {
    if (isFar) event.preventDefault();
    isFar = false;
  }, true);
}
