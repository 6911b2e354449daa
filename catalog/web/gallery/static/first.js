// What is seen first: the tiles stand in their rows before the other scripts are there.

import { layOut, remember, results } from "./layout.js";

document.documentElement.classList.add("js");
if (results()) {
  remember();
  layOut();
}
