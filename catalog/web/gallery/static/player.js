// The player of a clip: plays, steps frame by frame, loops between two points, and says where it stands.

import { isStill, remembered } from "./core.js";

const SPEEDS = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2];
const GUESSED = 24; // frames a second of a clip that does not say

let isMuted = true; // until somebody wants to hear one, then for the next ones as well
let speed = 1;

const pad = (number) => String(number).padStart(2, "0");

/** `01:02:13`: minutes, seconds and frames, with hours in front where there are any. */
function timecode(frame, fps) {
  const rate = Math.max(1, Math.round(fps));
  const seconds = Math.floor(frame / fps + 1e-6);
  const rest = Math.min(rate - 1, Math.max(0, frame - Math.round(seconds * fps)));
  const hours = Math.floor(seconds / 3600);
  return [...(hours ? [pad(hours)] : []), pad(Math.floor(seconds / 60) % 60), pad(seconds % 60), pad(rest)].join(":");
}

const SHAPES = { // in a box of 16
  play: "M4 2l9 6-9 6z", pause: "M4 2h3v12H4zM9 2h3v12H9z", back: "M2 2h2v12H2zM13 2v12L5 8z", forward: "M12 2h2v12h-2zM3 2v12l8-6z",
  from: "M3 2h5v2H5v8h3v2H3zM10 6l4 2-4 2z", to: "M13 2H8v2h3v8H8v2h5zM6 6L2 8l4 2z", all: "M4 3h8a3 3 0 013 3v4a3 3 0 01-3 3H7v2l-4-3 4-3v2h5V5H4v4H2V6a3 3 0 012-3z",
  off: "M2 6h3l4-4v12l-4-4H2zM10 6l1-1 4 5-1 1z", on: "M2 6h3l4-4v12l-4-4H2zM11 5a4 4 0 010 6zM12 2a7 7 0 010 12v-2a5 5 0 000-8z", full: "M2 2h5v2H4v3H2zM14 14H9v-2h3V9h2z",
};

function draw(button, shape) {
  if (button.dataset.shape === shape) return;
  const name = "http://www.w3.org/2000/svg";
  const box = document.createElementNS(name, "svg");
  const path = document.createElementNS(name, "path");
  path.setAttribute("d", SHAPES[shape]);
  for (const [key, value] of Object.entries({ viewBox: "0 0 16 16", width: 16, height: 16, fill: "currentColor", "aria-hidden": true })) box.setAttribute(key, value);
  box.append(path);
  button.replaceChildren(box);
  button.dataset.shape = shape;
}

function button(label, shape, act, key = "") {
  const made = Object.assign(document.createElement("button"), { type: "button", title: key ? `${label} (${key})` : label });
  made.setAttribute("aria-label", label);
  draw(made, shape);
  made.addEventListener("click", act);
  return made;
}

/** Take over a video element and fill the bar of controls; `fps` may be unknown. */
export class Player {
  constructor(video, bar, fps) {
    this.video = video;
    this.bar = bar;
    this.isGuess = !fps;
    this.fps = fps || GUESSED;
    this.from = null;
    this.to = null;
    this.wanted = null; // the frame that a seek under way goes to
    this.stops = new AbortController();
    video.controls = false;
    video.muted = isMuted;
    video.volume = Number(remembered.get("volume", "1")) || 0;
    video.playbackRate = speed;
    this.build();
    this.listen();
    if (!isStill.matches) this.play();
    this.show();
  }

  get frames() { return Number.isFinite(this.video.duration) ? Math.max(1, Math.round(this.video.duration * this.fps)) : 0; }
  get frame() { return this.wanted ?? Math.max(0, Math.floor((this.shownAt ?? this.video.currentTime) * this.fps + 0.01)); }

  build() {
    this.playing = button("Play", "play", () => this.toggle(), "Space");
    this.position = Object.assign(document.createElement("input"), { type: "range", min: 0, max: 1, step: "any", value: 0 });
    this.position.setAttribute("aria-label", "Position");
    this.position.addEventListener("input", () => this.seek(Number(this.position.value)));
    this.place = Object.assign(document.createElement("span"), { className: "timecode" });
    this.count = Object.assign(document.createElement("span"), { className: "frame-count" });
    this.loopIn = button("Loop from here", "from", () => this.setFrom(), "[");
    this.loopOut = button("Loop to here", "to", () => this.setTo(), "]");
    this.loopOff = button("Loop all", "all", () => this.clearLoop(), "\\");
    this.rate = document.createElement("select");
    this.rate.setAttribute("aria-label", "Speed");
    this.rate.append(...SPEEDS.map((each) => new Option(`${each}×`, each, each === 1, each === speed)));
    this.rate.addEventListener("change", () => this.setSpeed(Number(this.rate.value)));
    this.sound = button("Sound on", "off", () => this.toggleSound(), "m");
    this.volume = Object.assign(document.createElement("input"), { type: "range", min: 0, max: 1, step: 0.05, value: this.video.volume });
    this.volume.setAttribute("aria-label", "Volume");
    this.volume.addEventListener("input", () => this.setVolume(Number(this.volume.value)));
    const row = document.createElement("div");
    row.className = "control-row";
    row.append(
      button("Frame back", "back", () => this.step(-1), ","), this.playing, button("Frame forward", "forward", () => this.step(1), "."),
      this.place, this.count, Object.assign(document.createElement("span"), { className: "gap" }),
      this.loopIn, this.loopOut, this.loopOff, this.rate, this.sound, this.volume,
      button("Full screen", "full", () => this.toggleFull(), "f"),
    );
    this.bar.replaceChildren(this.position, row);
    this.bar.hidden = false;
  }

  listen() {
    const { signal } = this.stops;
    for (const name of ["play", "pause", "loadedmetadata", "durationchange", "volumechange", "ratechange"]) {
      this.video.addEventListener(name, () => this.show(), { signal });
    }
    this.video.addEventListener("seeked", () => { this.wanted = null; this.shownAt = null; this.show(); }, { signal });
    this.video.addEventListener("timeupdate", () => this.pass(this.video.currentTime), { signal });
    this.video.addEventListener("ended", () => { this.video.currentTime = this.from ?? 0; this.play(); }, { signal });
    this.video.addEventListener("click", () => this.toggle(), { signal });
    if (this.video.requestVideoFrameCallback) {
      const see = (_, shown) => {
        if (signal.aborted) return;
        this.shownAt = shown.mediaTime;
        this.pass(shown.mediaTime);
        this.video.requestVideoFrameCallback(see);
      };
      this.video.requestVideoFrameCallback(see);
    }
  }

  /** At this moment of the clip: back to where the loop begins, if it ends here. */
  pass(moment) {
    const isPast = this.to !== null && moment > (this.to + 1) / this.fps - 0.001;
    if (isPast && !this.video.paused && !this.video.seeking) this.video.currentTime = ((this.from ?? 0) + 0.5) / this.fps;
    this.show();
  }

  play() {
    this.video.play().catch((error) => {
      if (error.name !== "NotAllowedError") return; // paused before it began, or let go of
      this.video.muted = true;
      this.video.play().catch(() => { /* a browser that plays nothing by itself */ });
    });
  }

  toggle() { this.video.paused ? this.play() : this.video.pause(); }

  seek(seconds) {
    this.shownAt = null;
    this.wanted = null;
    this.video.currentTime = seconds;
    this.show();
  }

  seekTo(part) { if (Number.isFinite(this.video.duration)) this.seek(part * this.video.duration); }

  step(frames) {
    this.video.pause();
    this.wanted = Math.min(Math.max(0, this.frame + frames), Math.max(0, this.frames - 1));
    this.shownAt = null;
    this.video.currentTime = (this.wanted + 0.5) / this.fps;
    this.show();
  }

  setFrom() { this.from = this.frame; if (this.to !== null && this.to <= this.from) this.to = null; this.loop(); }
  setTo() { this.to = this.frame; if (this.from !== null && this.from >= this.to) this.from = null; this.loop(); }
  clearLoop() { this.from = this.to = null; this.loop(); }
  loop() { this.video.loop = this.from === null && this.to === null; this.show(); }

  setSpeed(rate) { speed = rate; this.video.playbackRate = rate; this.rate.value = rate; }
  faster(steps) { this.setSpeed(SPEEDS[Math.min(Math.max(0, SPEEDS.indexOf(speed) + steps), SPEEDS.length - 1)]); }

  toggleSound() { isMuted = !this.video.muted; this.video.muted = isMuted; if (!isMuted && this.video.volume === 0) this.setVolume(0.5); }
  setVolume(volume) { this.video.volume = volume; isMuted = volume === 0; this.video.muted = isMuted; remembered.set("volume", volume); }

  toggleFull() {
    const stage = this.bar.closest(".stage");
    document.fullscreenElement ? document.exitFullscreen() : stage.requestFullscreen?.().catch(() => { /* refused by the browser */ });
  }

  show() {
    const { video, frame, frames } = this;
    const duration = Number.isFinite(video.duration) ? video.duration : 0;
    draw(this.playing, video.paused ? "play" : "pause");
    this.playing.setAttribute("aria-label", video.paused ? "Play" : "Pause");
    this.position.max = duration || 1;
    if (document.activeElement !== this.position || !video.seeking) this.position.value = video.currentTime;
    this.place.textContent = `${timecode(frame, this.fps)} / ${timecode(frames, this.fps)}`;
    this.position.setAttribute("aria-valuetext", timecode(frame, this.fps));
    this.count.textContent = frames ? `frame ${this.isGuess ? "about " : ""}${frame + 1} of ${frames}` : "";
    this.loopIn.setAttribute("aria-pressed", this.from !== null);
    this.loopOut.setAttribute("aria-pressed", this.to !== null);
    this.loopIn.title = this.from === null ? "Loop from here ([)" : `Loop from ${timecode(this.from, this.fps)} ([)`;
    this.loopOut.title = this.to === null ? "Loop to here (])" : `Loop to ${timecode(this.to, this.fps)} (])`;
    this.loopOff.disabled = this.from === null && this.to === null;
    draw(this.sound, video.muted ? "off" : "on");
    this.sound.setAttribute("aria-label", video.muted ? "Sound on" : "Sound off");
    this.volume.value = video.volume;
  }

  /** Stop, and let go of what is still being fetched. */
  end() {
    this.stops.abort();
    this.video.pause();
    this.video.removeAttribute("src");
    this.video.load();
  }
}
