// Review: one clip after the other, kept, rejected or rated with one key each; rejected ones are confirmed once, at the end.

import { addressOf, base, fetchPart, isStill, on, state, toast } from "./core.js";
import { edit } from "./edits.js";
import { bind, everywhere, openDialog, topDialog } from "./keys.js";
import { makeOverlay } from "./overlay.js";
import { watchSwipes } from "./swipe.js";

const BEGIN = "1";
const amount = (number) => number.toLocaleString("en");
const asked = () => new URLSearchParams({ q: state().get("q") ?? "", sort: state().get("sort") ?? "" });

let shown = null; // the review that is open

/** What one review does, as long as its dialog is open. */
function makeReview(dialog) {
  let clips = []; // [ref, rating, verdict], settled when the review begins
  let index = -1;
  let hasAsked = false;
  let isDeciding = false;
  let tail = Promise.resolve(); // what was asked for is done one after the other: each about the clip that is shown then
  const decided = new Set(); // refs, in this review
  const coming = new Map(); // figures that are being made, by ref

  const figure = () => dialog.querySelector(".clip");
  const video = () => dialog.querySelector(".clip video");
  const shownRef = () => figure()?.dataset.ref;

  const ready = (async () => {
    const answer = await fetch(`${base}/-/gallery/review/clips?${asked()}`, { headers: { accept: "application/json" } });
    if (!answer.ok) return;
    clips = await answer.json();
    index = clips.findIndex(([ref]) => ref === shownRef());
    draw();
    prepare(index + 1);
  })().catch(() => {});

  /** Do something once all that was asked for before is done. */
  function then(act) {
    tail = tail.then(async () => {
      await ready;
      if (dialog.open) await act();
    }).catch(() => toast("The server does not answer as it should: is `catalog serve` still running?"));
  }

  function draw() {
    const kept = clips.filter(([, , verdict]) => verdict === "keep").length;
    const dropped = clips.filter(([, , verdict]) => verdict === "reject").length;
    const place = index < 0 ? amount(clips.length) : `${amount(index + 1)} of ${amount(clips.length)}`;
    const line = `${place}, ${amount(kept)} kept, ${amount(dropped)} rejected`;
    const progress = dialog.querySelector(".progress");
    if (progress.textContent !== line) progress.textContent = line;
    if (!figure()) return;
    const [, rating, verdict] = clips[index] ?? [];
    for (const button of dialog.querySelectorAll(".judge [data-do]")) {
      const isSo = button.dataset.do === "rate" ? Number(button.value) === (rating ?? 0) : button.dataset.do === verdict;
      if (["rate", "keep", "reject"].includes(button.dataset.do)) button.setAttribute("aria-pressed", String(isSo));
    }
  }

  function make(ref) {
    if (!coming.has(ref)) {
      coming.set(ref, fetchPart(`/-/gallery/review/clip?${new URLSearchParams({ ...Object.fromEntries(state()), ref })}`).then((part) => {
        const made = part.content.querySelector(".clip");
        return made ? document.importNode(made, true) : null; // a clip in it begins to load
      }));
    }
    return coming.get(ref);
  }

  /** Load what comes next, and forget what is far behind. */
  function prepare(next) {
    const ref = clips[next]?.[0];
    for (const each of coming.keys()) if (each !== ref) coming.delete(each);
    if (ref) make(ref).catch(() => coming.delete(ref));
  }

  async function show(next) {
    const [ref] = clips[next];
    const made = await make(ref).catch(() => null);
    coming.delete(ref);
    if (!made) {
      toast(`${ref} cannot be shown: it may have been deleted meanwhile`);
      return;
    }
    video()?.pause();
    figure().replaceWith(made);
    index = next;
    history.replaceState(history.state, "", addressOf({ review: ref }));
    begin();
    draw();
    prepare(index + 1);
  }

  function begin() {
    const clip = video();
    if (!clip) return;
    clip.loop = true;
    clip.muted = true;
    clip.addEventListener("error", () => {
      const box = Object.assign(document.createElement("div"), { className: "look box" });
      box.append(Object.assign(document.createElement("p"), { textContent: "this browser cannot play the clip, or its file is gone" }));
      clip.replaceWith(box);
    });
    if (!isStill.matches) clip.play().catch(() => {});
  }

  const go = (next) => then(async () => {
    if (next(index) === index || !clips[next(index)]) return;
    await show(next(index));
  });

  /** Decide about the clip that is shown, and move on. */
  const decide = (act, value) => then(async () => {
    const clip = clips[index];
    if (!clip) return;
    isDeciding = true;
    const done = await edit(act, [clip[0]], value);
    isDeciding = false;
    if (!done) return;
    if (act === "rate") clip[1] = value || null;
    else {
      clip[2] = value;
      decided.add(clip[0]);
    }
    if (index + 1 < clips.length) {
      await show(index + 1);
      return;
    }
    draw();
    await showAgain(clip);
    if (!hasAsked && listRejected().length) await ask({ isLeaving: true });
    else toast("That was the last clip");
  });

  /** The refs of those that were rejected in this review, and still are. */
  const listRejected = () => clips.filter(([ref, , verdict]) => verdict === "reject" && decided.has(ref)).map(([ref]) => ref);

  async function showAgain(clip) {
    coming.delete(clip[0]);
    await show(clips.indexOf(clip));
  }

  /** After an undo: read what is decided now, and go to where it was. */
  const reread = (refs) => then(async () => {
    const touched = clips.filter(([ref]) => refs.includes(ref));
    for (const clip of touched.slice(0, 50)) {
      coming.delete(clip[0]);
      const made = await make(clip[0]);
      if (made) clip.splice(1, 2, Number(made.dataset.rating) || null, made.dataset.verdict);
    }
    if (touched.length) await show(clips.indexOf(touched[0]));
  });

  /** Ask, once, what becomes of the clips that were rejected. */
  async function ask({ isLeaving }) {
    hasAsked = true;
    const refs = listRejected();
    const answer = await askAbout(refs.length);
    if (answer === "hide") {
      isDeciding = true;
      await edit("hide", refs);
      isDeciding = false;
    }
    if (answer && isLeaving && dialog.open) dialog.close();
  }

  const leave = () => then(async () => {
    if (!hasAsked && listRejected().length) await ask({ isLeaving: true });
    else dialog.close();
  });

  const unrated = (from) => {
    const order = [...clips.keys()].map((offset) => (from + 1 + offset) % clips.length);
    const next = order.find((place) => place !== from && !clips[place][1]);
    if (next === undefined) toast("no other clip is unrated");
    return next ?? from;
  };

  const acts = {
    previous: () => go((place) => place - 1),
    next: () => go((place) => place + 1),
    first: () => go(() => 0),
    last: () => go(() => clips.length - 1),
    unrated: () => go(unrated),
    keep: () => decide("verdict", "keep"),
    reject: () => decide("verdict", "reject"),
    undecided: () => decide("verdict", "undecided"),
    rate: (rating) => decide("rate", Number(rating)),
    play: () => { const clip = video(); if (clip) clip.paused ? clip.play().catch(() => {}) : clip.pause(); },
    mute: () => { const clip = video(); if (clip) { clip.muted = !clip.muted; toast(clip.muted ? "muted" : "sound on"); } },
    leave,
  };
  dialog.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    if (button) acts[button.dataset.do](button.value);
  });
  dialog.addEventListener("cancel", (event) => {
    if (event.target !== dialog) return;
    event.preventDefault();
    leave();
  });
  watchSwipes(dialog, ".look", (by) => (by > 0 ? acts.next() : acts.previous()));
  dialog.querySelector(".plain").hidden = true;
  if (!figure()) dialog.querySelector(".judge").hidden = true;
  begin();
  dialog.querySelector("[data-do=next]").focus();

  return {
    acts,
    edited: (refs) => isDeciding || reread(refs),
    end: () => {
      video()?.pause();
      if (!hasAsked && listRejected().length) ask({ isLeaving: false }); // the browser went back
    },
  };
}

/** The dialog *Rejected clips*; the answer is `hide`, `leave`, or null where it was only closed. */
function askAbout(number) {
  const dialog = document.createElement("dialog");
  dialog.className = "rejected";
  dialog.setAttribute("aria-label", "Rejected clips");
  const title = Object.assign(document.createElement("h2"), { textContent: `${amount(number)} rejected clip${number === 1 ? "" : "s"}` });
  const text = Object.assign(document.createElement("p"), { textContent: "Hidden clips stay in the library and at their provider, and one undo brings them back." });
  const answers = document.createElement("div");
  answers.className = "answers";
  const hide = Object.assign(document.createElement("button"), { type: "button", textContent: number === 1 ? "Hide it" : "Hide them" });
  const keep = Object.assign(document.createElement("button"), { type: "button", className: "close", textContent: number === 1 ? "Leave it" : "Leave them" });
  answers.append(hide, keep);
  dialog.append(title, text, answers);
  return new Promise((done) => {
    let answer = null;
    hide.addEventListener("click", () => { answer = "hide"; dialog.close(); });
    keep.addEventListener("click", () => { answer = "leave"; dialog.close(); });
    dialog.addEventListener("close", () => done(answer));
    openDialog(dialog);
    keep.focus();
  });
}

const overlay = makeOverlay("review", {
  pathOf: (value) => `/-/gallery/review?${new URLSearchParams({ ...Object.fromEntries(state()), review: value })}`,
  begin(dialog, close) {
    shown = makeReview(dialog);
    close.addEventListener("click", shown.acts.leave);
    return () => {
      const { end } = shown;
      shown = null;
      end();
    };
  },
});

function open() {
  if (document.getElementById("results")) overlay.open(BEGIN);
  else location.assign(addressOf({ review: BEGIN }));
}

const where = { name: "Review", isShown: () => topDialog()?.classList.contains("review") && shown !== null };
const isControl = (event) => event.target.closest("button, a, summary, video") !== null;

export function start() {
  const bindAct = (keys, label, name, options) =>
    bind(where, keys, label, (event, key) => void ((options?.writes && event.repeat) || shown.acts[name](key)), options);
  bindAct("p", "Keep, and go on", "keep", { writes: true });
  bindAct("x", "Reject, and go on", "reject", { writes: true });
  bindAct("u", "Unmark, and go on", "undecided", { writes: true });
  bindAct(["1", "2", "3", "4", "5", "0"], "Rate, or 0: not rated, and go on", "rate", { writes: true });
  bindAct("ArrowLeft", "Previous clip", "previous");
  bindAct("ArrowRight", "Next clip", "next");
  bindAct("n", "Next unrated clip", "unrated");
  bindAct("Home", "First clip", "first");
  bindAct("End", "Last clip", "last");
  bind(where, " ", "Play or pause", (event) => (isControl(event) ? false : shown.acts.play()));
  bindAct("m", "Sound on or off", "mute");
  bindAct("Escape", "Leave the review", "leave");
  bind(everywhere, "r", "Review these videos one by one", () => void open());
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element) || !event.target.closest("a.review") || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    open();
  });
  on("edited", ({ refs }) => shown?.edited(refs));
  overlay.start();
}
