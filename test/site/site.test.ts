// @module-tag browser
// All tests of the page that need a browser are one file: the page is built once, and Chromium is started once.
import { afterAll } from "vitest";
import { closeShared } from "./support.js";
import "./page.js";
import "./weave.js";
import "./dropped.js";
import "./learn.js";
import "./measure.js";

afterAll(closeShared);
