// A finger that moves sideways over what one looks at.

const FAR = 60; // pixels sideways
const STRAIGHT = 50; // pixels up or down at most
const CONTROLS = 56; // pixels at the bottom of a clip that are its controls

/** Call `act` with 1 after a swipe to the left, with -1 after one to the right, where it began inside the selector. */
export function watchSwipes(box, selector, act) {
  let from = null;
  box.addEventListener("touchstart", (event) => {
    const [touch] = event.touches;
    const isInside = event.touches.length === 1 && event.target.closest(selector);
    const isControl = event.target.controls && touch.clientY > event.target.getBoundingClientRect().bottom - CONTROLS;
    from = isInside && !isControl ? touch : null;
  }, { passive: true });
  box.addEventListener("touchend", (event) => {
    const [to] = event.changedTouches;
    if (from && Math.abs(to.clientX - from.clientX) > FAR && Math.abs(to.clientY - from.clientY) < STRAIGHT) act(to.clientX < from.clientX ? 1 : -1);
    from = null;
  });
  box.addEventListener("touchcancel", () => { from = null; });
}
