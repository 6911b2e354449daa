// Starts each part of the gallery; a part that finds nothing of its own on the page does nothing.

import * as compare from "./compare.js";
import * as edits from "./edits.js";
import * as keys from "./keys.js";
import * as review from "./review.js";

for (const part of [keys, edits, compare, review]) part.start();
