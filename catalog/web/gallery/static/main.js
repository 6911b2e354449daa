// Starts each part of the gallery; a part that finds nothing of its own on the page does nothing.

import * as keys from "./keys.js";

for (const part of [keys]) part.start();
