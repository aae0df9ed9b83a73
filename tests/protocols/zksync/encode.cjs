// Encodes calls with viem over the official ABI: [{abi, name, args}, …] on stdin, hex on stdout.
// Inside args, {encode: [types, values], prefix} is ABI-encoded bytes and {keccak: value} a hash.
const fs = require("node:fs");
const path = require("node:path");

const [root, abis] = process.argv.slice(2);
const viem = require(path.join(root, "node_modules", "viem"));
const official = JSON.parse(fs.readFileSync(abis, "utf8"));

function resolve(value) {
  if (Array.isArray(value)) return value.map(resolve);
  if (value === null || typeof value !== "object") return value;
  if (value.keccak) return viem.keccak256(resolve(value.keccak));
  if (!value.encode) return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, resolve(v)]));
  const [types, values] = value.encode;
  const encoded = viem.encodeAbiParameters(types.map((type) => ({ type })), resolve(values));
  return viem.concat([value.prefix ?? "0x", encoded]);
}

function encode({ abi, name, args }) {
  const fragment = official[abi].find((one) => one.name === name && one.inputs.length === args.length);
  return viem.encodeFunctionData({ abi: [fragment], functionName: name, args: resolve(args) });
}

const asked = JSON.parse(fs.readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(asked.map(encode)));
