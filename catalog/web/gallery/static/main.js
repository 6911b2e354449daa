// Starts each part of the gallery; a part that finds nothing of its own on the page does nothing.

import * as detail from "./detail.js";
import * as edits from "./edits.js";
import * as history from "./history.js";
import * as keys from "./keys.js";

for (const part of [keys, edits, detail, history]) part.start();
