"use strict";
// Loaded by fast_synth into the jsii kernel (NODE_OPTIONS=--require). What does not match is loaded as it is.
const { existsSync } = require("node:fs");
const Module = require("node:module");

// The bindings' lib/index.js loads every resource class. lib/lazy-index.js, published beside it, has the same names and
// loads each class when it is first used.
const INDEX = /([\\/]@cdkt[fn][\\/]provider-[^\\/]+[\\/]lib[\\/])index\.js$/;
// cdktf and cdktn note a stack trace for each token, a sixth of a large synth, with frames of this kernel alone.
const STACK_TRACE = /[\\/]cdkt[fn][\\/]lib[\\/]tokens[\\/]private[\\/]stack-trace\.js$/;

const load = Module._extensions[".js"];

Module._extensions[".js"] = (module, filename) => {
  const lazy = filename.replace(INDEX, "$1lazy-index.js");
  load(module, lazy !== filename && existsSync(lazy) ? lazy : filename);
  if (STACK_TRACE.test(filename)) {
    module.exports.captureStackTrace = () => [];
  }
};
