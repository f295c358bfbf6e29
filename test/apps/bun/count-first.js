import "./count-workers.js";
import "./process.js";
