// One clock for several clips: they play, stand and are set together, however fast each comes from the disk.

const STEP = 25; // milliseconds between looks at how far apart they are
const TOGETHER = 0.01; // seconds: so close, a clip runs at the speed that is asked for; further ahead, it runs slower
const AHEAD = 0.05; // seconds: so far ahead, a clip waits for the slowest
const PATIENCE = 3000; // milliseconds that a clip may take to be set

const lengthOf = (clip) => (Number.isFinite(clip.duration) ? clip.duration : 0);
const isOver = (clip) => clip.ended || clip.currentTime >= lengthOf(clip) - TOGETHER;

/** The clock of some `<video>` elements; `changed()` is called whenever what it says may be different. */
export function makeClock(clips, changed) {
  let isPlaying = false;
  let isLooped = true;
  let speed = 1;
  let place = 0; // seconds, where all stand, or are being set
  let turn = 0; // counts what was asked for, so that what was asked for before does not go on
  let timer = 0;
  const waiting = new Set();

  const length = () => Math.max(0, ...clips.map(lengthOf));
  const fps = () => Math.max(...clips.map((clip) => Number(clip.dataset.fps) || 24));

  function halt() {
    clearInterval(timer);
    timer = 0;
    waiting.clear();
    for (const clip of clips) clip.pause();
  }

  async function run(now) {
    const due = clips.filter((clip) => !isOver(clip));
    await Promise.all(due.map((clip) => begin(clip)));
    if (now === turn && isPlaying && !timer) timer = setInterval(look, STEP);
  }

  async function begin(clip) {
    clip.playbackRate = speed;
    try {
      await clip.play();
    } catch (error) {
      if (error.name !== "NotAllowedError") return; // it was stopped meanwhile, or cannot be played
      clip.muted = true;
      await clip.play().catch(() => {});
    }
  }

  /** Keep the clips together: whichever is ahead runs slower, or waits; the slowest says what time it is. */
  function look() {
    const running = clips.filter((clip) => !isOver(clip));
    if (!running.length) {
      finish();
      return;
    }
    place = Math.min(...running.map((clip) => clip.currentTime));
    for (const clip of running) {
      const ahead = clip.currentTime - place;
      if (waiting.has(clip)) {
        if (ahead > TOGETHER * speed) continue;
        waiting.delete(clip);
        begin(clip);
      } else if (ahead > AHEAD) {
        waiting.add(clip);
        clip.pause();
      } else {
        const rate = speed * (ahead > TOGETHER ? Math.max(0.6, 1 - 3 * ahead) : 1);
        if (clip.playbackRate !== rate) clip.playbackRate = rate;
        if (clip.paused) begin(clip);
      }
    }
    changed();
  }

  function finish() {
    place = length();
    if (isLooped) {
      seek(0);
      return;
    }
    isPlaying = false;
    halt();
    changed();
  }

  async function seek(to) {
    const now = (turn += 1);
    halt();
    place = Math.max(0, Math.min(length(), to));
    changed();
    await Promise.all(clips.map((clip) => set(clip, place)));
    if (now !== turn) return;
    changed();
    if (isPlaying) await run(now);
  }

  async function play() {
    if (!clips.length) return;
    isPlaying = true;
    await seek(place >= length() - TOGETHER ? 0 : place);
  }

  async function pause() {
    isPlaying = false;
    await seek(place);
  }

  return {
    play,
    pause,
    seek,
    toggle: () => (isPlaying ? pause() : play()),
    step: (frames) => {
      isPlaying = false;
      return seek((Math.floor(place * fps() + 0.05) + frames) / fps() + 0.001); // just behind where the frame begins
    },
    remove(clip) {
      clip.pause();
      clips = clips.filter((each) => each !== clip);
      if (!clips.length) isPlaying = false;
      changed();
    },
    add(clip) {
      clips = [...clips, clip];
      return seek(place);
    },
    stop() {
      isPlaying = false;
      turn += 1;
      halt();
    },
    get isPlaying() { return isPlaying; },
    get place() { return place; },
    get length() { return length(); },
    get frame() { return clips.length ? Math.floor(place * fps() + 0.05) : 0; },
    get clips() { return clips; },
    set speed(value) {
      speed = value;
      for (const clip of clips) clip.playbackRate = value;
    },
    set isLooped(value) { isLooped = value; },
  };
}

/** Set a clip to a time, or to its last frame where it is shorter; done when it shows that. */
async function set(clip, to) {
  const time = Math.max(0, Math.min(to, lengthOf(clip) - 0.001));
  if (!clip.seeking && Math.abs(clip.currentTime - time) < 0.0005) return;
  const shown = new Promise((done) => {
    clip.addEventListener("seeked", done, { once: true });
    clip.addEventListener("error", done, { once: true });
    setTimeout(done, PATIENCE);
  });
  clip.currentTime = time;
  await shown;
}
