// Encodes and decodes calls with viem: [[abi item, arguments], …] on stdin, numbers as text.
// Prints [[calldata, the arguments read back from it], …].
const path = require("node:path");
const { decodeFunctionData, encodeFunctionData } = require(path.join(process.argv[2], "node_modules", "viem"));

function typed(parameter, value) {
  const array = parameter.type.match(/^(.*)\[\d*\]$/);
  if (array) return value.map((one) => typed({ ...parameter, type: array[1] }, one));
  if (parameter.type === "tuple") {
    return Object.fromEntries(parameter.components.map((part, i) => [part.name, typed(part, value[i])]));
  }
  return /^u?int/.test(parameter.type) ? BigInt(value) : value;
}

function plain(value) {
  if (typeof value === "bigint" || typeof value === "number") return String(value);
  if (Array.isArray(value)) return value.map(plain);
  return value !== null && typeof value === "object" ? Object.values(value).map(plain) : value;
}

const calls = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
const answers = calls.map(([item, values]) => {
  const args = item.inputs.map((parameter, i) => typed(parameter, values[i]));
  const data = encodeFunctionData({ abi: [item], functionName: item.name, args });
  return [data, plain(decodeFunctionData({ abi: [item], data }).args ?? [])];
});
process.stdout.write(JSON.stringify(answers));
