// Bundles the tests, which are in TypeScript, and runs them with Node's own runner.
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const outdir = await mkdtemp(join(here, "node_modules/.tests-"));
try {
  const entryPoints = [];
  for (const directory of ["client/test", "test"]) {
    for (const name of await readdir(join(here, directory))) {
      if (name.endsWith(".test.ts")) entryPoints.push(join(here, directory, name));
    }
  }
  const external = ["typescript"];
  const options = { bundle: true, platform: "node", format: "esm", outExtension: { ".js": ".mjs" }, loader: { ".md": "text" }, external };
  await build({ absWorkingDir: here, entryPoints, outdir, ...options });
  const files = (await readdir(outdir, { recursive: true })).filter((name) => name.endsWith(".mjs"));
  const done = spawnSync(process.execPath, ["--test", ...files.map((name) => join(outdir, name))], { stdio: "inherit" });
  process.exitCode = done.status ?? 1;
} finally {
  await rm(outdir, { recursive: true });
}
