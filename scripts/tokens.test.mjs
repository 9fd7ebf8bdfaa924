// The colours of style/tokens.css can be read on every surface they meet, and told apart, in light and dark.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const sheet = readFileSync(new URL("../style/tokens.css", import.meta.url), "utf8");
const tokens = Object.fromEntries(
  [...sheet.matchAll(/--([a-z0-9-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)].map(([, name, light, dark]) => [name, { light, dark }]),
);
const themes = ["light", "dark"];
const channels = (hex) => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255);
const linear = (hex) => channels(hex).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
const colour = (name, theme) => {
  assert.ok(tokens[name], `there is no --${name}`);
  return linear(tokens[name][theme]);
};

function contrast(one, other) {
  const [dark, light] = [one, other].map(([red, green, blue]) => 0.2126 * red + 0.7152 * green + 0.0722 * blue).sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

// What those see who lack one kind of cone, in linear sRGB (Machado, Oliveira and Fernandes 2009, severity 1).
const sight = {
  usual: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  tritanopia: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
};
const seen = (rgb, kind) => sight[kind].map((row) => Math.min(1, Math.max(0, row[0] * rgb[0] + row[1] * rgb[1] + row[2] * rgb[2])));

// Distance in OKLab, in hundredths: 2 is just noticeable.
function oklab([red, green, blue]) {
  const [l, m, s] = [
    0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue,
    0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue,
    0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue,
  ].map(Math.cbrt);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}
const distance = (one, other) => {
  const [first, second] = [oklab(one), oklab(other)];
  return 100 * Math.hypot(...first.map((part, at) => part - second[at]));
};

const agents = ["chat", "voice-inbound", "voice-outbound", "voice-web", "auto-trigger", "nox"].map((name) => `agent-${name}`);
const companies = [1, 2, 3, 4, 5].map((number) => `company-${number}`);
const plain = ["page", "surface", "raised", "sunken", "hover"];

// Texts, and the surfaces they stand on.
const texts = [
  ["text", [...plain, "accent-soft", "warn-soft", "bad-soft", "good-soft"]],
  ["dim", [...plain, "accent-soft", "warn-soft", "bad-soft", "good-soft"]],
  ["faint", [...plain, "accent-soft"]],
  ["accent-text", [...plain, "accent-soft"]],
  ["on-accent", ["accent"]],
  ["good", ["page", "surface", "raised", "good-soft"]],
  ["warn", ["page", "surface", "raised", "hover", "warn-soft"]],
  ["bad", ["page", "surface", "raised", "hover", "bad-soft"]],
];
// Marks: bars, lines, dots, meters and icons that say something.
const marks = [
  [["accent", "text", "good", "warn", "bad"], ["page", "surface", "raised", "sunken"]],
  [[...agents, ...companies], ["page", "surface", "raised"]],
];
// What stands beside each other in one chart or bar: by how much it differs to everybody.
const apart = [
  [["accent", "accent-tint", "line"], 5],
  [["accent", "other"], 12],
  [["accent-tint", "surface"], 8],
  [["warn", "accent"], 10],
  [agents, 4.5],
  [companies, 4],
  [[...companies, "other"], 4],
];

for (const theme of themes) {
  test(`every text can be read on each surface it stands on (${theme})`, () => {
    for (const [name, surfaces] of texts) {
      for (const surface of surfaces) {
        const ratio = contrast(colour(name, theme), colour(surface, theme));
        assert.ok(ratio >= 4.5, `--${name} on --${surface}: ${ratio.toFixed(2)}`);
      }
    }
  });

  test(`every mark stands out from what it is drawn on (${theme})`, () => {
    for (const [names, surfaces] of marks) {
      for (const name of names) {
        for (const surface of surfaces) {
          const ratio = contrast(colour(name, theme), colour(surface, theme));
          assert.ok(ratio >= 3, `--${name} on --${surface}: ${ratio.toFixed(2)}`);
        }
      }
    }
  });

  for (const kind of Object.keys(sight)) {
    test(`what stands side by side differs to everybody (${theme}, ${kind})`, () => {
      for (const [names, least] of apart) {
        for (const [at, one] of names.entries()) {
          for (const other of names.slice(at + 1)) {
            const far = distance(seen(colour(one, theme), kind), seen(colour(other, theme), kind));
            assert.ok(far >= least, `--${one} and --${other}: ${far.toFixed(1)}`);
          }
        }
      }
    });
  }
}
