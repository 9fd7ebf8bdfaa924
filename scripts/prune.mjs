// Empties functions of the compiled page that are never called, though the compiler cannot know it: they stand in
// tables of functions. wasm-opt then takes out whatever only they led to.
//
//   node scripts/prune.mjs FILE.wasm
//
// The file must still have its functions' names. Should one of these functions be called after all, the page stops
// there with "unreachable" – so what is listed here must be known never to run, or to run only when all is lost.

import { readFileSync, writeFileSync } from "node:fs";
import binaryen from "binaryen";

const NEVER_CALLED = [
  // Streams of bodies, which the library's script would call: pages read bodies whole.
  /^intounderlying/,
  /^js_sys(\[\w+\])?::futures::future_to_promise.*wasm_streams/,
  // A panic ends the page's script with or without words. The development build keeps the words.
  /^(core|std|alloc)(\[\w+\])?::[\w:]*(panic|_fail|handle_error|handle_alloc_error|capacity_overflow)/,
  /^<f64 as core(\[\w+\])?::fmt::Debug>::fmt$/,
];

const [file] = process.argv.slice(2);
const module = binaryen.readBinary(readFileSync(file));
let emptied = 0;
for (let index = 0; index < module.getNumFunctions(); index++) {
  const fn = module.getFunctionByIndex(index);
  const { name, module: importedFrom } = binaryen.getFunctionInfo(fn);
  if (importedFrom || !NEVER_CALLED.some((pattern) => pattern.test(name))) continue;
  binaryen.Function.setBody(fn, module.unreachable());
  emptied++;
}
// Without a single match the names are missing, and the page would silently be a third larger.
if (emptied === 0) throw new Error(`${file} has no function that is never called: were its names taken out?`);
writeFileSync(file, module.emitBinary());
console.log(`    ${emptied} functions that are never called`);
