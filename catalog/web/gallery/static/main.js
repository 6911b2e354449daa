// Starts each part of the gallery; a part that finds nothing of its own on the page does nothing.

import * as keys from "./keys.js";
import * as insight from "./insight.js";
import * as lineage from "./lineage.js";

for (const part of [keys, insight, lineage]) part.start();
