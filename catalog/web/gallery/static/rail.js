// The rail of filters: opened and closed, as a dialog on a phone, its values narrowed and its facets opened in place.

import { fetchPart, on, remembered, state, tell } from "./core.js";
import { openDialog } from "./keys.js";
import { results } from "./layout.js";

const PHONE = matchMedia("(max-width: 699px)");
const WIDE = matchMedia("(min-width: 1200px)");
const root = document.documentElement;
let dialog = null;

const isOpen = () => (WIDE.matches ? !root.classList.contains("rail-closed") : root.classList.contains("rail-open"));

function showState() {
  document.getElementById("filters")?.setAttribute("aria-expanded", String(PHONE.matches ? dialog !== null : isOpen()));
}

function toggle() {
  if (PHONE.matches) return openSheet();
  if (WIDE.matches) remembered.set("rail", root.classList.toggle("rail-closed") ? "closed" : "");
  else root.classList.toggle("rail-open");
  showState();
}

function openSheet() {
  const rail = document.getElementById("rail");
  if (!rail || dialog) return;
  dialog = Object.assign(document.createElement("dialog"), { className: "filters" });
  dialog.setAttribute("aria-label", "Filters");
  dialog.append(makeWays(), rail);
  dialog.addEventListener("close", () => {
    const inside = dialog.querySelector("#rail");
    dialog = null;
    if (inside && !results().querySelector("#rail")) results().prepend(inside);
    showState();
  });
  openDialog(dialog);
  showState();
}

/** What a phone has no room for above the tiles: the order, stacks, and the other pages. */
function makeWays() {
  const ways = Object.assign(document.createElement("div"), { className: "ways" });
  const order = document.querySelector(".search select").cloneNode(true);
  order.value = state().get("sort") ?? "";
  order.addEventListener("change", () => tell("go", { sort: order.value }));
  const stacks = results().querySelector(".acts .choice")?.cloneNode(true) ?? "";
  ways.append(order, stacks, document.querySelector(".bar .pages").cloneNode(true));
  return ways;
}

/** After another answer its rail takes the place of the one in the dialog. */
function move() {
  const fresh = results().querySelector("#rail");
  if (!dialog || !fresh) return;
  dialog.querySelector("#rail")?.replaceWith(fresh);
  dialog.querySelector(".ways").replaceWith(makeWays());
}

/** Open a facet in place, or show all its values; the address says so too. */
async function open(event) {
  const link = event.target.closest?.("#rail a[data-facet]");
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const query = state();
  const opened = new URL(link.href).searchParams.get("rail") ?? "";
  const { facet } = link.dataset;
  link.setAttribute("aria-busy", "true");
  const names = [...(query.get("rail")?.split(",") ?? []), facet].filter((name, index, all) => name && all.indexOf(name) === index);
  query.set("rail", opened ? names.join(",") : "");
  query.set("facet", facet);
  const part = await fetchPart(`/-/gallery/rail?${query}`).catch(() => null);
  link.removeAttribute("aria-busy");
  const fresh = part?.isFine ? part.content.querySelector("[role=group]") : null;
  if (!fresh) return;
  query.delete("facet");
  history.replaceState(history.state, "", `${location.pathname}?${query}`);
  const old = link.closest(`[role=group][data-name="${CSS.escape(facet)}"]`);
  if (old) old.replaceWith(fresh);
  else {
    link.closest("[role=group]").before(fresh);
    link.closest("li").remove();
  }
  (fresh.querySelector("input, a") ?? fresh).focus?.();
}

function narrow(event) {
  const field = event.target.closest?.(".facet .narrow");
  if (!field) return;
  const wanted = field.value.trim().toLowerCase();
  for (const item of field.closest(".facet").querySelectorAll("li")) item.hidden = !item.querySelector(".text").textContent.toLowerCase().includes(wanted);
}

export function start() {
  if (!results()) return;
  if (remembered.get("rail") === "closed") root.classList.add("rail-closed");
  document.getElementById("filters")?.addEventListener("click", toggle);
  document.addEventListener("click", open);
  document.addEventListener("input", narrow);
  for (const query of [PHONE, WIDE]) query.addEventListener("change", () => { if (dialog && !PHONE.matches) dialog.close(); showState(); });
  on("results", move);
  showState();
}
