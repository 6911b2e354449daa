// One video over the grid: opens and closes with the address, plays, copies, and takes what is said of the video.

import { addressOf, base, fetchPart, on, remembered, state, tell, toast } from "./core.js";
import { edit, suggestBelow } from "./edits.js";
import { copyAndSay, showInFolder } from "./files.js";
import { loadMore } from "./grid.js";
import { bind, openDialog, topDialog } from "./keys.js";
import { Player } from "./player.js";
import { watchSwipes } from "./swipe.js";

let dialog = null;
let player = null;
let anchor = null; // the ref of the grid that one has come from
let asked = 0;

const ref = () => dialog?.dataset.ref ?? null;
const hasGrid = () => document.getElementById("results") !== null;
const isHere = (key) => dialog !== null && document.querySelector(`[role=grid] [data-ref="${CSS.escape(key)}"]`);

/** Show a video; `how` says what becomes of the address: `push`, `replace` or `keep`. */
async function open(key, how = "push") {
  if (key === ref()) return;
  if (!hasGrid()) { location.assign(addressOf({ open: key }, new URLSearchParams())); return; }
  const mine = (asked += 1);
  const part = await fetchPart(partOf(key)).catch(() => null);
  if (mine !== asked) return;
  const fresh = part?.content.querySelector("dialog.detail");
  if (!fresh) {
    toast(part?.content.querySelector("h1")?.textContent ?? "The server does not answer: is `catalog serve` still running?");
    return;
  }
  const address = addressOf({ open: key });
  if (how === "push") history.pushState({ isOpened: true }, "", address);
  if (how === "replace") history.replaceState(history.state, "", address);
  show(fresh);
}

const partOf = (key) => `/-/gallery/video/${encodeURIComponent(key)}${queryOf(state().get("q"))}`;
const queryOf = (q) => (q ? `?${new URLSearchParams({ q })}` : "");

function show(fresh) {
  const tab = dialog?.querySelector("[role=tab][aria-selected=true]")?.id ?? `tab-${remembered.get("tab", "prompt")}`;
  player?.end();
  player = null;
  if (dialog) {
    for (const { name, value } of fresh.attributes) if (name !== "open") dialog.setAttribute(name, value);
    const toasts = dialog.querySelector("#toasts");
    dialog.replaceChildren(...fresh.childNodes, ...(toasts ? [toasts] : []));
    dialog.focus();
  } else {
    dialog = fresh;
    dialog.removeAttribute("open");
    listen(dialog);
    openDialog(dialog);
    dialog.addEventListener("close", closed); // after the focus was given back
    dialog.focus();
  }
  if (isHere(ref())) anchor = ref();
  dialog.classList.toggle("no-panel", remembered.get("panel") === "off");
  reveal(dialog);
  select(dialog.querySelector(`[id="${CSS.escape(tab)}"]`) ?? dialog.querySelector("[role=tab]"));
  watch(dialog.querySelector(".shown"), 0);
  tell("opened", ref());
}

/** What works with scripts only, and what stands for it without. */
function reveal(part) {
  for (const each of part.querySelectorAll(":is(.tabs, .copies, .stars, .verdicts, .chips [hidden], .hide, .choose, [data-note], [data-go])")) each.hidden = false;
  for (const each of part.querySelectorAll(".hidden-by-script")) each.hidden = true;
  const tag = part.querySelector("form[data-add=tag] input");
  const path = part.querySelector("form[data-add=collect] input");
  if (tag) suggestBelow(tag, "tags");
  if (path) suggestBelow(path, "collections");
}

function watch(shown, index) {
  player?.end();
  player = null;
  dialog.querySelectorAll(".shown").forEach((each, number) => { each.hidden = number !== index; });
  const bar = dialog.querySelector(".controls");
  bar.hidden = true;
  const video = shown?.querySelector("video");
  if (!video) return;
  if (!video.getAttribute("src")) video.setAttribute("src", video.dataset.src);
  video.dataset.src = video.getAttribute("src");
  video.addEventListener("error", () => complain(shown, video), { once: true });
  player = new Player(video, bar, Number(shown.dataset.fps));
}

function complain(shown, video) {
  if (!video.getAttribute("src")) return; // it was let go of
  const box = document.createElement("div");
  box.className = "unseen";
  const path = dialog.querySelector("[data-text=path]")?.textContent;
  const lines = ["This clip cannot be played: its bytes are damaged, gone, or of a kind that this browser does not know.", path];
  box.append(...lines.filter(Boolean).map((textContent) => Object.assign(document.createElement("p"), { textContent })));
  video.replaceWith(box);
  dialog.querySelector(".controls").hidden = true;
  player = null;
}

function close() { dialog?.close(); }

function closed() {
  const last = ref();
  player?.end();
  player = null;
  dialog = null;
  asked += 1;
  if (state().get("open")) {
    if (history.state?.isOpened) history.back();
    else history.replaceState(null, "", addressOf({ open: "" }));
  }
  const tile = [last, anchor].map((key) => key && document.querySelector(`[role=grid] [data-ref="${CSS.escape(key)}"]`)).find(Boolean);
  tile?.focus();
  tell("closed", last);
}

/** The neighbour in the grid, after more of it was fetched where this is the last one. */
async function go(by) {
  const keys = () => [...new Set([...document.querySelectorAll("[role=grid] [data-ref]")].map((each) => each.dataset.ref))];
  let refs = keys();
  const position = refs.indexOf(isHere(ref()) ? ref() : anchor);
  let next = refs[position + by];
  if (!next && by > 0 && position >= 0) {
    document.querySelector(`[role=grid] [data-ref="${CSS.escape(refs.at(-1))}"]`)?.scrollIntoView();
    await loadMore();
    refs = keys();
    next = refs[refs.indexOf(anchor) + by];
  }
  if (position < 0 || !next) toast(by > 0 ? "This is the last one" : "This is the first one");
  else await open(next, "replace");
}

function select(tab) {
  if (!tab) return;
  for (const each of dialog.querySelectorAll("[role=tab]")) {
    const isChosen = each === tab;
    each.setAttribute("aria-selected", isChosen);
    each.tabIndex = isChosen ? 0 : -1;
    const part = dialog.querySelector(`#${each.getAttribute("aria-controls")}`);
    part.hidden = !isChosen;
    part.setAttribute("role", "tabpanel");
  }
  if (tab.id === "tab-family") dialog.querySelector(".step.self")?.scrollIntoView({ block: "nearest" });
  remembered.set("tab", tab.id.replace("tab-", ""));
}

function moveTab(event) {
  const tabs = [...dialog.querySelectorAll("[role=tab]")];
  const at = tabs.indexOf(event.target);
  const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: tabs.length - 1 }[event.key];
  if (at < 0 || to === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  const tab = tabs[(to + tabs.length) % tabs.length];
  select(tab);
  tab.focus();
}

async function copy(what) {
  let text = dialog.querySelector(`[data-text="${what}"]`)?.textContent ?? null;
  if (what === "ref") text = ref();
  if (what === "request" || what === "curl") text = await readRequest(what === "request" ? "json" : "curl");
  if (text !== null) await copyAndSay(what === "curl" ? "command" : what, text);
}

async function readRequest(form) {
  const answer = await fetch(`${base}/-/gallery/request/${encodeURIComponent(ref())}`, { headers: { accept: "application/json" } });
  const said = await answer.json();
  if (answer.ok) return said[form];
  toast(said.error);
  return null;
}

const rate = (rating) => edit("rate", [ref()], rating);
const judge = (verdict) => edit("verdict", [ref()], verdict);
const isPressed = (button) => button.getAttribute("aria-pressed") === "true";
const isHidden = () => dialog.querySelector("[data-do=hide]")?.textContent.startsWith("Show") ?? false;

const clicks = {
  go: (button) => go(button.dataset.go === "next" ? 1 : -1),
  open: (link) => open(link.dataset.open),
  rate: (button) => rate(isPressed(button) ? 0 : Number(button.dataset.rate)),
  verdict: (button) => judge(isPressed(button) ? "undecided" : button.dataset.verdict),
  copy: (button) => copy(button.dataset.copy),
  untag: (button) => edit("untag", [ref()], button.dataset.untag.split("=")[0]),
  uncollect: (button) => edit("uncollect", [ref()], button.dataset.uncollect),
  moment: (button) => player?.seekTo(Number(button.dataset.moment)),
  show: (button) => {
    const index = Number(button.dataset.show);
    for (const each of dialog.querySelectorAll("[data-show]")) each.setAttribute("aria-pressed", each === button);
    watch(dialog.querySelectorAll(".shown")[index], index);
  },
  do: (button) => ({ close, panel: togglePanel, folder: () => showInFolder(ref()), hide: () => edit(isHidden() ? "unhide" : "hide", [ref()]) })[button.dataset.do]?.(),
};

function listen(box) {
  box.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const tab = event.target.closest("[role=tab]");
    if (tab) { select(tab); return; }
    for (const [name, act] of Object.entries(clicks)) {
      const target = event.target.closest(`[data-${name}]`);
      if (!target || target === box || !box.contains(target)) continue;
      event.preventDefault();
      act(target);
      return;
    }
  });
  box.addEventListener("keydown", moveTab);
  box.addEventListener("submit", (event) => {
    event.preventDefault();
    const field = event.target.elements.value;
    field.dataset.sent = field.value;
    if (event.target.dataset.add && field.value.trim()) edit(event.target.dataset.add, [ref()], field.value.trim());
  });
  box.addEventListener("change", (event) => {
    if (event.target.matches("[data-note]")) event.target.dataset.sent = event.target.value;
    if (event.target.matches("[data-note]")) edit("note", [box.dataset.ref], event.target.value);
  });
  watchSwipes(box, ".screen", go);
}

function togglePanel() {
  const isOff = dialog.classList.toggle("no-panel");
  remembered.set("panel", isOff ? "off" : "on");
}

/** After a change, read the panel afresh: the clip goes on playing, and what is typed stays. */
async function refresh(refs) {
  if (!dialog || !refs.includes(ref())) return;
  const key = ref();
  const part = await fetchPart(partOf(key)).catch(() => null);
  const fresh = part?.content.querySelector("dialog.detail");
  if (!fresh || key !== ref()) return;
  const panel = dialog.querySelector(".panel");
  const tab = dialog.querySelector("[role=tab][aria-selected=true]")?.id;
  const focus = panel.contains(document.activeElement) ? document.activeElement : null;
  const isTyping = focus?.matches("input, textarea") ?? false;
  const [from, to] = isTyping ? [focus.selectionStart, focus.selectionEnd] : [0, 0];
  const { scrollTop } = panel;
  Object.assign(dialog.dataset, { ...fresh.dataset });
  panel.replaceChildren(...fresh.querySelector(".panel").childNodes);
  reveal(panel);
  select(tab && dialog.querySelector(`#${tab}`));
  panel.scrollTop = scrollTop;
  const place = focus && panel.querySelector(nameOf(focus));
  if (place && isTyping && !isSent(focus)) { // what is being typed stays
    place.replaceWith(focus);
    focus.focus();
    focus.setSelectionRange(from, to);
  } else if (focus) (place ?? dialog).focus();
}

const isSent = (field) => field.dataset.sent === field.value;

function nameOf(element) {
  if (element.id) return `[id="${CSS.escape(element.id)}"]`;
  const form = element.closest("form[data-add]");
  if (form) return `form[data-add="${form.dataset.add}"] input`;
  const [name, value] = Object.entries(element.dataset)[0] ?? [];
  return name ? `[data-${name}="${CSS.escape(value)}"]` : "h2";
}

function followAddress() {
  const wanted = state().get("open");
  if (wanted) open(wanted, "keep");
  else close();
}

const here = { name: "Video", isShown: () => dialog !== null && topDialog() === dialog };
const isIn = (event, selector) => event.target instanceof Element && event.target.closest(selector) !== null;

function bindKeys() {
  const unless = (selector, act) => (event) => (isIn(event, selector) ? false : void act(event));
  const play = (act) => () => (player ? void act(player) : false);
  bind(here, " ", "Play or pause", (event) => (!player || isIn(event, "button, a, summary, input, select") ? false : void player.toggle()));
  bind(here, ",", "Frame back", play((each) => each.step(-1)));
  bind(here, ".", "Frame forward", play((each) => each.step(1)));
  bind(here, "[", "Loop from here", play((each) => each.setFrom()));
  bind(here, "]", "Loop to here", play((each) => each.setTo()));
  bind(here, "\\", "Loop all", play((each) => each.clearLoop()));
  bind(here, "<", "Slower", play((each) => each.faster(-1)));
  bind(here, ">", "Faster", play((each) => each.faster(1)));
  bind(here, "m", "Sound on or off", play((each) => each.toggleSound()));
  bind(here, "f", "Full screen", () => {
    if (player) player.toggleFull();
    else dialog.querySelector(".stage").requestFullscreen?.();
  });
  const controls = "[role=tablist], input[type=range], select";
  bind(here, "ArrowLeft", "Previous video", unless(controls, () => go(-1)));
  bind(here, "ArrowRight", "Next video", unless(controls, () => go(1)));
  const kin = (name, missing) => (event) => {
    if (isIn(event, `.panel, ${controls}`)) return false;
    dialog.dataset[name] ? open(dialog.dataset[name]) : toast(missing);
  };
  bind(here, "ArrowUp", "Parent", kin("parent", "This video was made from no other that is here"));
  bind(here, "ArrowDown", "First child", kin("child", "No other video here was made from this one"));
  bind(here, "i", "Show or hide the panel", togglePanel);
  bind(here, "l", "Family", () => select(dialog.querySelector("#tab-family")));
  bind(here, "y", "Copy prompt", () => void copy("prompt"));
  bind(here, "r", "Copy ref", () => void copy("ref"));
  bind(here, "h", "Copy path", () => void copy("path"));
  bind(here, "o", "Show the file in its folder, or copy its path", () => void showInFolder(ref()));
  bind(here, "q", "Copy request", () => void copy("request"));
  bind(here, "k", "Copy as curl", () => void copy("curl"));
  bind(here, ["0", "1", "2", "3", "4", "5"], "Rate; 0 takes the rating off", (_, key) => void rate(Number(key)), { writes: true });
  bind(here, "p", "Keep", () => void judge("keep"), { writes: true });
  bind(here, "x", "Reject", () => void judge("reject"), { writes: true });
  bind(here, "u", "Take the verdict back", () => void judge("undecided"), { writes: true });
  bind(here, "t", "Tag", () => type("tag"), { writes: true });
  bind(here, "b", "Put in a collection", () => type("collect"), { writes: true });
}

function type(what) {
  select(dialog.querySelector("#tab-prompt"));
  dialog.classList.remove("no-panel");
  dialog.querySelector(`form[data-add=${what}] input`)?.focus();
}

export function start() {
  bindKeys();
  on("open", (key) => void open(key));
  on("edited", ({ refs }) => void refresh(refs));
  if (!hasGrid()) return;
  addEventListener("popstate", followAddress);
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest(".tile a.open") : null;
    const key = link?.closest("[data-ref]")?.dataset.ref;
    if (!key || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    void open(key);
  });
  const rendered = document.querySelector("dialog.detail");
  if (rendered) show(rendered);
}
