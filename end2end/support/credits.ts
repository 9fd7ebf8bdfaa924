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

/// An amount as pages are sent it, a character a byte: seven bits a byte, lowest first, the sign in the lowest bit.
export function packed(amount: bigint): string {
  let rest = amount < 0n ? -amount * 2n - 1n : amount * 2n;
  const bytes: number[] = [];
  do {
    const bits = Number(rest & 127n);
    rest >>= 7n;
    bytes.push(rest > 0n ? bits | 128 : bits);
  } while (rest > 0n);
  return String.fromCharCode(...bytes);
}

/// A page's text with the bytes that it holds in characters of their own, as it is sent what it begins with.
export function unshifted(text: string): string {
  return text.replace(/[\u0100-\u01ff]/g, (character) => String.fromCharCode(character.charCodeAt(0) - 0x100));
}
