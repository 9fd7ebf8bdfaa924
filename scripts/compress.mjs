// Writes FILE.br and FILE.gz beside every file of a folder that is worth compressing, so that the
// server only has to choose. Leaves those alone that are newer than their file.
//
//   node scripts/compress.mjs DIRECTORY

import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const COMPRESSIBLE = new Set([".css", ".html", ".ico", ".js", ".json", ".svg", ".txt", ".wasm", ".webmanifest"]);
// Below this the headers cost more than is saved.
const MIN_BYTES = 512;

const modified = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

function brotli(bytes) {
  return brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  });
}

function compress(file) {
  if (modified(`${file}.br`) >= modified(file) && modified(`${file}.gz`) >= modified(file)) return;
  const bytes = readFileSync(file);
  if (bytes.length < MIN_BYTES) return;
  const small = brotli(bytes);
  writeFileSync(`${file}.br`, small);
  writeFileSync(`${file}.gz`, gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION }));
  console.log(`    ${file.split("/").pop()}: ${bytes.length} bytes, ${small.length} as brotli`);
}

const root = process.argv[2];
for (const entry of readdirSync(root, { recursive: true })) {
  if (COMPRESSIBLE.has(extname(entry))) compress(join(root, entry));
}
