"use strict";
// Loaded by fast_synth into the jsii kernel (NODE_OPTIONS=--require). The bindings' lib/index.js loads every resource
// class; lib/lazy-index.js, published beside it, has the same names and loads each class when it is first used.
const { existsSync } = require("node:fs");
const Module = require("node:module");

const INDEX = /([\\/]@cdktf[\\/]provider-[^\\/]+[\\/]lib[\\/])index\.js$/;
const load = Module._extensions[".js"];

Module._extensions[".js"] = (module, filename) => {
  const lazy = filename.replace(INDEX, "$1lazy-index.js");
  load(module, lazy !== filename && existsSync(lazy) ? lazy : filename);
};
