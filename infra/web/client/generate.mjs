// Writes the types of the API's documents: src/schema.ts of openapi.json, src/frames.ts of asyncapi.json.
// Neither is committed: both follow from the documents.
import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const documents = new URL("../../../functions/platform/", import.meta.url);
const read = async (name) => JSON.parse(await readFile(new URL(name, documents), "utf8"));

async function write(name, document) {
  const types = astToString(await openapiTS(document));
  await writeFile(new URL(`src/${name}`, import.meta.url), `// Written by generate.mjs.\n${types}`);
}

const openapi = await read("openapi.json");
const asyncapi = await read("asyncapi.json");
await write("schema.ts", openapi);
// The messages' schemas are JSON Schema as OpenAPI 3.1 has it.
const components = { schemas: asyncapi.components.schemas };
await write("frames.ts", { openapi: "3.1.0", info: asyncapi.info, paths: {}, components });
