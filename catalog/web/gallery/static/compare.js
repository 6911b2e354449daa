// Compare: two to four clips on one clock, what differs between them, and the winner.

import { addressOf, fetchPart, on, remembered, toast } from "./core.js";
import { makeClock } from "./clock.js";
import { edit } from "./edits.js";
import { bind, topDialog } from "./keys.js";
import { makeOverlay } from "./overlay.js";

const FEWEST = 2;
const MOST = 4;
const LIMIT = `compare takes ${FEWEST} to ${MOST} videos`;
const BLIND = "blind";

const writeRefs = (refs) => refs.map((ref) => ref.replaceAll("%", "%25").replaceAll(",", "%2C")).join(",");
const pathOf = (refs) => `/-/gallery/compare?${new URLSearchParams({ refs })}`;
const shapeOf = (look) => (look.videoWidth || look.width) / (look.videoHeight || look.height);

let shown = null; // the comparison that is open

/** What one comparison does, as long as its dialog is open. */
function makeComparison(dialog) {
  const find = (selector) => dialog.querySelector(selector);
  const stage = find(".stage");
  const listSides = () => [...stage.querySelectorAll(".side")];
  const listRefs = () => listSides().map((side) => side.dataset.ref);
  let current = null; // the side that `x` leaves out
  let sound = null; // the clip that is heard
  let isBlind = false;
  const order = listRefs(); // what the address says while an order would tell too much
  const clock = makeClock([...stage.querySelectorAll("video")], draw);

  function draw() {
    const { place, length, frame, isPlaying } = clock;
    const position = find(".position");
    position.max = length || 1;
    position.value = place;
    position.setAttribute("aria-valuetext", `${place.toFixed(2)} of ${length.toFixed(2)} seconds`);
    find(".clock").textContent = `${place.toFixed(2)} / ${length.toFixed(2)} s, frame ${frame}`;
    find(".play").textContent = isPlaying ? "Pause" : "Play";
  }

  function number() {
    const sides = listSides();
    stage.dataset.count = sides.length;
    for (const [index, side] of sides.entries()) {
      const name = index + 1;
      side.dataset.number = name;
      side.querySelector(".number").textContent = name;
      side.querySelector(".keep").textContent = `Keep ${name}`;
      side.querySelector(".leave").textContent = `Leave ${name} out`;
      side.querySelector(".leave").disabled = sides.length <= FEWEST;
      const button = side.querySelector(".sound");
      if (button) button.textContent = `Sound ${name}`;
      side.querySelector("video")?.setAttribute("aria-label", `Clip ${name}`);
    }
    const looks = sides.map((side) => side.querySelector(".look"));
    const isAlike = looks.length === 2 && looks.every((look) => !look.classList.contains("box"))
      && Math.abs(shapeOf(looks[0]) / shapeOf(looks[1]) - 1) < 0.02;
    find(".wiping").hidden = !isAlike;
    if (!isAlike) wipe(false);
    find(".transport").hidden = clock.clips.length === 0 && !isAlike;
  }

  function choose(side) {
    current = side;
    for (const each of listSides()) each.classList.toggle("current", each === side);
  }

  function hear(clip) {
    sound = clip;
    for (const each of clock.clips) {
      each.muted = each !== clip;
      each.closest(".side").querySelector(".sound").setAttribute("aria-pressed", String(each === clip));
    }
  }

  function moveSound() {
    const clips = clock.clips;
    if (!clips.length) return;
    const clip = clips[(clips.indexOf(sound) + 1) % clips.length];
    hear(clip);
    const isSilent = "silent" in clip.dataset;
    toast(`sound of ${clip.closest(".side").dataset.number}${isSilent ? ", which has none" : ""}`);
  }

  function wipe(isOn) {
    find(".wipe").checked = isOn;
    stage.classList.toggle("wiped", isOn);
    find(".wipe-line").hidden = !isOn;
    drawLine();
  }

  function drawLine() {
    const share = find(".wipe-line").valueAsNumber / 100;
    const [below, look] = [stage, stage.querySelector(".look")].map((each) => each.getBoundingClientRect());
    const sizes = { "--wipe": `${100 * share}%`, "--edge": `${look.left - below.left + share * look.width}px`, "--top": `${look.top - below.top}px`, "--high": `${look.height}px` };
    for (const [name, size] of Object.entries(sizes)) stage.style.setProperty(name, size);
  }

  /** Hide what says which is which, in an order that says nothing either. */
  async function blind(isOn) {
    if (isOn === isBlind) return;
    isBlind = isOn;
    dialog.classList.toggle("blind", isOn);
    find(".veil").hidden = !isOn;
    if (!isOn) {
      await refresh();
      return;
    }
    const wasPlaying = clock.isPlaying;
    clock.stop();
    const sides = listSides();
    for (let last = sides.length - 1; last > 0; last -= 1) {
      const other = Math.floor(Math.random() * (last + 1));
      [sides[last], sides[other]] = [sides[other], sides[last]];
    }
    stage.prepend(...sides);
    number();
    choose(sides[0]);
    await refresh();
    if (wasPlaying) await clock.play();
  }

  /** Ask the server for what is below the clips, in the order they have now, and for what was decided. */
  async function refresh() {
    const refs = listRefs();
    const named = isBlind ? order.filter((ref) => refs.includes(ref)) : refs;
    history.replaceState(history.state, "", addressOf({ compare: writeRefs(named) }));
    const part = await fetchPart(pathOf(writeRefs(refs)));
    if (!part.isFine || !dialog.open) return;
    find(".differences").replaceWith(document.importNode(part.content.querySelector(".differences"), true));
    for (const side of listSides()) {
      const fresh = part.content.querySelector(`.side[data-ref="${CSS.escape(side.dataset.ref)}"]`);
      if (!fresh) continue;
      side.dataset.verdict = fresh.dataset.verdict;
      side.querySelector(".decided").textContent = fresh.querySelector(".decided").textContent;
    }
  }

  async function keep(side) {
    if (side && (await edit("verdict", [side.dataset.ref], "keep"))) await blind(false);
  }

  async function leaveOut(side) {
    if (!side) return;
    const sides = listSides();
    if (sides.length <= FEWEST) {
      toast(LIMIT);
      return;
    }
    const name = side.dataset.number;
    const next = side.nextElementSibling;
    const clip = side.querySelector("video");
    const wasHeard = clip !== null && clip === sound;
    if (clip) clock.remove(clip);
    side.remove();
    number();
    choose(listSides()[0]);
    if (wasHeard) hear(clock.clips[0] ?? null);
    await refresh();
    toast(`left ${name} out`, { "Put back": () => putBack(side, next, clip) });
  }

  function putBack(side, next, clip) {
    if (!dialog.open || side.isConnected || listSides().length >= MOST) return;
    stage.insertBefore(side, next?.isConnected ? next : find(".wipe-line"));
    if (clip) clock.add(clip);
    number();
    choose(side);
    refresh();
  }

  for (const clip of clock.clips) {
    clip.controls = false;
    clip.addEventListener("loadedmetadata", () => { number(); draw(); });
    clip.addEventListener("error", () => {
      clock.remove(clip);
      const box = Object.assign(document.createElement("div"), { className: "look box" });
      box.append(Object.assign(document.createElement("p"), { textContent: "this browser cannot play the clip, or its file is gone" }));
      clip.closest(".side").querySelector(".sound").remove();
      clip.replaceWith(box);
      number();
    });
    clip.addEventListener("click", () => clock.toggle());
  }
  dialog.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    const side = event.target.closest(".side");
    if (side) choose(side);
    if (!button) return;
    if (button.matches(".keep")) keep(side);
    else if (button.matches(".leave")) leaveOut(side);
    else if (button.matches(".sound")) hear(side.querySelector("video") === sound ? null : side.querySelector("video"));
    else if (button.matches(".play")) clock.toggle();
    else if (button.matches(".back")) clock.step(-1);
    else if (button.matches(".on")) clock.step(1);
  });
  stage.addEventListener("focusin", (event) => { if (event.target.closest(".side")) choose(event.target.closest(".side")); });
  stage.addEventListener("pointermove", (event) => {
    if (!stage.classList.contains("wiped") || event.target.closest("input, button, a") || (event.pointerType !== "mouse" && !event.buttons)) return;
    const box = stage.querySelector(".look").getBoundingClientRect();
    find(".wipe-line").value = (100 * (event.clientX - box.left)) / box.width;
    wipe(true);
  });
  new ResizeObserver(() => stage.classList.contains("wiped") && drawLine()).observe(stage);
  find(".position").addEventListener("input", (event) => clock.seek(event.target.valueAsNumber));
  find(".wipe-line").addEventListener("input", () => wipe(true));
  find(".wipe").addEventListener("change", (event) => wipe(event.target.checked));
  find(".loop").addEventListener("change", (event) => { clock.isLooped = event.target.checked; });
  find(".speed").addEventListener("change", (event) => { clock.speed = Number(event.target.value); });
  find("[name=blind]").addEventListener("change", (event) => {
    remembered.set(BLIND, event.target.checked ? "yes" : "");
    blind(event.target.checked);
  });

  number();
  choose(listSides()[0]);
  hear(clock.clips[0] ?? null);
  draw();
  find("[name=blind]").checked = remembered.get(BLIND) === "yes";
  if (find("[name=blind]").checked) blind(true);
  (clock.clips.length ? find(".play") : listSides()[0]).focus();

  return {
    clock,
    keep: (name) => keep(listSides()[name - 1]),
    leaveOut: () => leaveOut(current),
    moveSound,
    wipe: () => !find(".wiping").hidden && wipe(!find(".wipe").checked),
    blind: () => find("[name=blind]").click(),
    move: (by) => {
      const sides = listSides();
      const side = sides[(sides.indexOf(current) + by + sides.length) % sides.length];
      side.focus();
      choose(side);
    },
    edited: (refs) => listRefs().some((ref) => refs.includes(ref)) && refresh(),
  };
}

const overlay = makeOverlay("compare", {
  pathOf,
  begin(dialog, close) {
    close.addEventListener("click", () => dialog.close());
    shown = makeComparison(dialog);
    return () => {
      shown.clock.stop();
      shown = null;
    };
  },
});

const where = { name: "Compare", isShown: () => topDialog()?.classList.contains("compare") && shown !== null };
const isControl = (event) => event.target.closest("button, a, summary, input:not([type=range])") !== null;
const isSlider = (event) => event.target.matches("input[type=range]");

export function start() {
  on("compare", (refs) => {
    if (refs.length < FEWEST || refs.length > MOST) toast(`${LIMIT}, not ${refs.length}`);
    else overlay.open(writeRefs(refs));
  });
  on("edited", ({ refs }) => shown?.edited(refs));
  bind(where, " ", "Play or pause all", (event) => (isControl(event) ? false : void shown.clock.toggle()));
  bind(where, ",", "One frame back", () => void shown.clock.step(-1));
  bind(where, ".", "One frame on", () => void shown.clock.step(1));
  bind(where, "m", "Move the sound to the next clip", () => shown.moveSound());
  bind(where, "w", "Wipe, where two have one shape", () => void shown.wipe());
  bind(where, ["1", "2", "3", "4"], "Keep this one", (event, key) => void (event.repeat || shown.keep(Number(key))), { writes: true });
  bind(where, "ArrowLeft", "Previous clip", (event) => (isSlider(event) ? false : shown.move(-1)));
  bind(where, "ArrowRight", "Next clip", (event) => (isSlider(event) ? false : shown.move(1)));
  bind(where, "x", "Leave this clip out", (event) => void (event.repeat || shown.leaveOut()));
  bind(where, "b", "Blind: hide which is which", () => shown.blind());
  overlay.start();
}
