// The documentation: what its texts name is there, and its examples in TypeScript are right.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import ts from "typescript";
import { Description } from "../src/docs/document";
import { curl, firstCall, isForClients, target, typescript } from "../src/docs/examples";
import { GUIDES } from "../src/docs/guides";
import { slug } from "../src/docs/slug";

const read = (path: string) => readFileSync(path, "utf8");
const api = new Description(JSON.parse(read("../../functions/platform/openapi.json")));
const guides = readdirSync("guides").map((file) => ({ file, text: read(join("guides", file)) }));

/** What a compiler says of these texts, each a module beside the sources. */
function faults(modules: Record<string, string>): string[] {
  const given = ts.parseConfigFileTextToJson("tsconfig.json", read("tsconfig.json")).config;
  const { options } = ts.convertCompilerOptionsFromJson(given.compilerOptions, process.cwd());
  Object.assign(options, { noUnusedLocals: false, types: [] });
  const host = ts.createCompilerHost(options);
  const { fileExists, getSourceFile } = host;
  const named = new Map(Object.entries(modules).map(([name, text]) => [join(process.cwd(), "src", `${name}.ts`), text]));
  host.fileExists = (path) => named.has(path) || fileExists(path);
  host.getSourceFile = (path, version, ...more) => {
    const text = named.get(path);
    return text === undefined ? getSourceFile(path, version, ...more) : ts.createSourceFile(path, text, version);
  };
  const program = ts.createProgram([...named.keys()], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => {
    const line = file?.text.slice(file.text.lastIndexOf("\n", start) + 1).split("\n")[0];
    return `${file?.fileName}: ${line}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
  });
}

test("the catalogue has every code, with what it means and what a client does", () => {
  for (const name of ["Code", "FieldCode"]) {
    const { enum: codes, "x-errors": entries } = api.schemas[name] ?? {};
    assert.ok(codes && entries);
    assert.deepEqual(Object.keys(entries).sort(), [...codes].sort());
    for (const [code, { status, meaning, remedy }] of Object.entries(entries)) {
      assert.ok(meaning && remedy, code);
      assert.equal(typeof status, name === "Code" ? "number" : "undefined", code);
    }
  }
});

test("every guide is listed, and what it names is there", () => {
  const listed = GUIDES.map(({ name }) => `${name}.md`);
  assert.deepEqual(guides.map(({ file }) => file).sort(), [...listed, "errors.md", "start.md"].sort());
  const headings = [...read("guides/start.md").matchAll(/^#+ (.*)$/gm)].map(([, text = ""]) => `/docs#${slug(text)}`);
  const pages = [...listed.map((file) => `/docs/guides/${file.slice(0, -3)}`), ...headings];
  const known = new Set([...pages, "/docs/reference", "/docs/live", "/docs/live#error", "/docs/errors"]);
  for (const { file, text } of guides) {
    for (const [, address = ""] of text.matchAll(/\]\((\/[^)]*)\)/g)) assert.ok(known.has(address), `${file}: ${address}`);
    for (const [, endpoint = ""] of text.matchAll(/`((?:GET|POST|PUT|PATCH|DELETE)\s+\/[^?`]*)/g)) {
      const route = endpoint.replace(/\s+/, " ");
      assert.ok(api.byRoute.has(route), `${file}: ${route}`);
    }
  }
});

test("the guides' TypeScript is right", () => {
  const modules: Record<string, string> = {};
  for (const { file, text } of guides) {
    for (const [at, [, block = ""]] of [...text.matchAll(/^```ts\n(.*?)^```$/gms)].entries()) {
      modules[`${file.slice(0, -3)}-${at}`] = block;
    }
  }
  assert.ok(Object.keys(modules).length > 8);
  assert.deepEqual(faults(modules), []);
});

test("every operation has an example for the shell and one in TypeScript that is right", () => {
  const all = api.operations.map((operation) => ({ operation, call: firstCall(operation, api.schemas) }));
  const blocks = all.filter(({ operation }) => isForClients(operation)).map(({ operation, call }) => `{\n${typescript(operation, call)}\n}`);
  const head = 'import { createEnishi, ok } from "@enishi/client";\nconst enishi = createEnishi({ baseUrl: "" });\n';
  assert.deepEqual(faults({ operations: head + blocks.join("\n") }), []);
  for (const { operation, call } of all) {
    assert.doesNotMatch(target(operation, call), /[{}]|\/\/|undefined/, operation.id);
    assert.match(curl(operation, call, "http://localhost:3000"), /^curl -s/);
  }
});

test("a quotation mark in a body stays within it", () => {
  const operation = api.operations.find(({ id }) => id === "sendMessage");
  assert.ok(operation);
  const call = { ...firstCall(operation, api.schemas), body: '{"content": "it\'s"}' };
  assert.match(curl(operation, call, ""), /-d '\{"content":"it'\\''s"\}'$/);
});
