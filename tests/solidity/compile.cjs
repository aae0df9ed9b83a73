// Compiles one Solidity file with the compiler of package.json; prints the compiler's JSON.
// node compile.cjs ROOT FILE: FILE and what it imports are found in ROOT and its node_modules.
const fs = require("node:fs");
const path = require("node:path");

const [root, file] = process.argv.slice(2);
const modules = path.join(root, "node_modules");
const solc = require(path.join(modules, "solc"));

function find(name) {
  for (const folder of [root, modules]) {
    const found = path.join(folder, name);
    if (fs.existsSync(found)) return { contents: fs.readFileSync(found, "utf8") };
  }
  return { error: `${name} is in no package of package.json` };
}

const input = {
  language: "Solidity",
  sources: { [file]: { content: find(file).contents } },
  settings: {
    optimizer: { enabled: true, runs: 200 },
    evmVersion: "cancun",
    outputSelection: { "*": { "*": ["abi", "evm.bytecode.object", "evm.bytecode.linkReferences"] } },
  },
};
process.stdout.write(solc.compile(JSON.stringify(input), { import: find }));
