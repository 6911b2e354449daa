// Starts each part of the gallery; a part that finds nothing of its own on the page does nothing.

import * as compare from "./compare.js";
import * as detail from "./detail.js";
import * as edits from "./edits.js";
import * as grid from "./grid.js";
import * as history from "./history.js";
import * as insight from "./insight.js";
import * as keys from "./keys.js";
import * as lineage from "./lineage.js";
import * as pictures from "./pictures.js";
import * as rail from "./rail.js";
import * as results from "./results.js";
import * as review from "./review.js";
import * as scrub from "./scrub.js";
import * as search from "./search.js";
import * as selection from "./selection.js";

const parts = [keys, edits, results, grid, selection, rail, search, scrub, detail, history, compare, review, insight, lineage, pictures];
for (const part of parts) part.start();
