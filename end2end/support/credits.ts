// Credits as whole micro-credits in a BigInt: the tests' own arithmetic, which owes nothing to the product's.

const MICRO = 1_000_000n;

/// Micro-credits of `1,234.5`, `1234.5` or `−0.25`.
export function micro(text: string): bigint {
  const match = /^([-−]?)([\d,]+)(?:\.(\d{1,6}))?$/.exec(text.trim());
  if (match === null) throw new Error(`no amount of credits: '${text}'`);
  const [, sign, whole = "", fraction = ""] = match;
  const amount = BigInt(whole.replaceAll(",", "")) * MICRO + BigInt(fraction.padEnd(6, "0"));
  return sign === "" ? amount : -amount;
}

/// The decimal text of micro-credits, without trailing zeros.
export function decimal(amount: bigint): string {
  const [sign, size] = amount < 0n ? ["-", -amount] : ["", amount];
  const fraction = (size % MICRO).toString().padStart(6, "0").replace(/0+$/, "");
  return `${sign}${size / MICRO}${fraction === "" ? "" : `.${fraction}`}`;
}

export function sum(amounts: Iterable<bigint>): bigint {
  let total = 0n;
  for (const amount of amounts) total += amount;
  return total;
}
