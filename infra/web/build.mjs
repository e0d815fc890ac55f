// Builds the front end into dist/:  node build.mjs [--check | --watch]
// The same sources give the same files, byte for byte; `--check` says whether dist/ is what they give.
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, context } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const dist = join(here, "dist");

/** @param {string} outdir @returns {import("esbuild").BuildOptions} */
const options = (outdir) => ({
  absWorkingDir: here,
  entryPoints: { app: "src/main.tsx", style: "src/styles/app.css", docs: "src/styles/docs.css" },
  outdir: join(outdir, "assets"),
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "none",
  // A guide is its text.
  loader: { ".md": "text" },
  metafile: true,
  logLevel: "warning",
  define: {
    "process.env.NODE_ENV": '"production"',
    // What the meetings' SDK expects of a browser's bundler.
    global: "globalThis",
    // Its numbers would rather be WebAssembly's, which the policy does not allow, and do without.
    WebAssembly: "undefined",
  },
  // Of the meetings' SDK what sends messages and signs requests with AWS's keys is not called.
  alias: {
    "@aws-sdk/client-chime-sdk-messaging": "./src/nothing.ts",
    "@aws-crypto/sha256-js": "./src/nothing.ts",
    "@aws-sdk/util-hex-encoding": "./src/nothing.ts",
  },
});

/** The page, with the names of what was built. */
async function page(outdir, metafile) {
  const outputs = Object.entries(metafile.outputs);
  const named = (entry) => {
    const [path] = outputs.find(([, output]) => output.entryPoint === entry) ?? [];
    if (!path) throw new Error(`${entry} was not built`);
    return `/assets/${basename(path)}`;
  };
  let html = await readFile(join(here, "index.html"), "utf8");
  html = html.replace("{{js}}", named("src/main.tsx")).replace("{{css}}", named("src/styles/app.css"));
  html = html.replace("{{docs}}", named("src/styles/docs.css"));
  await writeFile(join(outdir, "index.html"), html);
  for (const file of ["icon.svg"]) await writeFile(join(outdir, file), await readFile(join(here, file)));
}

async function into(outdir) {
  await rm(outdir, { recursive: true, force: true });
  await mkdir(outdir, { recursive: true });
  const { metafile } = await build(options(outdir));
  await page(outdir, metafile);
  return metafile;
}

/** Every file with its digest. */
async function digests(directory, below = "") {
  const found = {};
  for (const entry of await readdir(join(directory, below), { withFileTypes: true })) {
    const name = join(below, entry.name);
    if (entry.isDirectory()) Object.assign(found, await digests(directory, name));
    else found[name] = createHash("sha256").update(await readFile(join(directory, name))).digest("hex");
  }
  return found;
}

/** What a browser loads for a page, in gzip's kilobytes: what is imported at once, and what follows. */
async function weigh(outdir, metafile) {
  const sizes = {};
  for (const path of Object.keys(metafile.outputs)) {
    sizes[path] = gzipSync(await readFile(join(here, path)), { level: 9 }).length;
  }
  const all = (path, seen = new Set()) => {
    if (seen.has(path)) return seen;
    seen.add(path);
    for (const { path: next, kind } of metafile.outputs[path].imports) {
      if (kind === "import-statement") all(next, seen);
    }
    return seen;
  };
  const kb = (paths) => ([...paths].reduce((sum, path) => sum + sizes[path], 0) / 1000).toFixed(1).padStart(7);
  const find = (entry) => Object.keys(metafile.outputs).find((path) => metafile.outputs[path].entryPoint === entry);
  const first = new Set([...all(find("src/main.tsx")), find("src/styles/app.css")]);
  console.log(`${kb(first)} KB gzip  the frame, first page, sign-up, log-in`);
  for (const path of Object.keys(metafile.outputs).sort()) {
    const entry = metafile.outputs[path].entryPoint;
    if (!entry || first.has(path)) continue;
    const more = [...all(path)].filter((one) => !first.has(one));
    console.log(`${kb(more)} KB gzip  and ${entry}`);
  }
}

if (process.argv.includes("--watch")) {
  await into(dist);
  // What was built before stays until the next `npm run build`.
  const named = { name: "page", setup: (build) => build.onEnd(({ metafile }) => metafile && page(dist, metafile)) };
  const watching = await context({ ...options(dist), plugins: [named] });
  await watching.watch();
} else if (process.argv.includes("--check")) {
  const other = await mkdtemp(join(tmpdir(), "enishi-web-"));
  try {
    await into(other);
    const [built, committed] = [await digests(other), await digests(dist)];
    const names = [...new Set([...Object.keys(built), ...Object.keys(committed)])];
    const differing = names.filter((name) => built[name] !== committed[name]);
    if (differing.length > 0) {
      console.error(`infra/web/dist is not what infra/web/src gives: ${differing.join(", ")}; \`npm run build\` there`);
      process.exitCode = 1;
    } else {
      console.log(`infra/web/dist is current: ${names.length} files`);
    }
  } finally {
    await rm(other, { recursive: true });
  }
} else {
  await weigh(dist, await into(dist));
}
