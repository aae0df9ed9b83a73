// Calldata by viem, over the ABIs that the contracts' authors published.
// Standard input: [{abi: path of a JSON file, name, args}]; an argument {abi, name, args} is a call
// of its own. Numbers are decimal text. Prints the calldata of each as a JSON array.
const fs = require("node:fs");
const { encodeFunctionData, toFunctionSignature } = require("viem");

const known = new Map();

function abiOf(file) {
  if (!known.has(file)) {
    const read = JSON.parse(fs.readFileSync(file, "utf8"));
    known.set(file, read.abi ?? read);
  }
  return known.get(file);
}

function value(found) {
  if (Array.isArray(found)) return found.map(value);
  if (found !== null && typeof found === "object") return encode(found);
  return found;
}

function named(input, found) {
  if (input.type === "tuple" && Array.isArray(found)) {
    return Object.fromEntries(input.components.map((one, at) => [one.name, named(one, found[at])]));
  }
  return found;
}

// Of several functions with the name the one whose whole signature was given.
function find(abi, name) {
  const functions = abiOf(abi).filter((one) => one.type === "function");
  const found = functions.filter((one) => [one.name, toFunctionSignature(one)].includes(name));
  if (found.length !== 1) throw new Error(`${abi} has ${found.length} functions ${name}`);
  return found[0];
}

function encode({ abi, name, args }) {
  const fragment = find(abi, name);
  const shaped = fragment.inputs.map((input, at) => named(input, value(args[at])));
  return encodeFunctionData({ abi: [fragment], functionName: fragment.name, args: shaped });
}

process.stdout.write(JSON.stringify(JSON.parse(fs.readFileSync(0, "utf8")).map(encode)));
