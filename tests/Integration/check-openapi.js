// Holds an OpenAPI document against the official schema of 3.1, and its examples against its own schemas. Prints what is wrong.
const document = JSON.parse(require("fs").readFileSync(process.argv[2], "utf8"));
const Ajv = require("ajv/dist/2020");
const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
const wrong = [];
const complain = (where, errors) => wrong.push(...(errors ?? []).map(e => `${where}${e.instancePath} ${e.message}`));

const official = ajv.compile(require("@seriousme/openapi-schema-validator/schemas/v3.1/schema.json"));
if (!official(document)) complain("#", official.errors);

const find = ref => ref.slice(2).split("/").reduce((at, part) => at?.[decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~")], document);
const visit = (node, at, what) => {
  if (node === null || typeof node !== "object") return;
  what(node, at);
  for (const [name, member] of Object.entries(node)) visit(member, `${at}/${name}`, what);
};
visit(document, "#", (node, at) => {
  if (typeof node.$ref === "string" && find(node.$ref) === undefined) wrong.push(`${at} refers to ${node.$ref}, which is not there`);
});

ajv.addSchema(document, "api:");
const check = (schema, value, where) => {
  const validate = ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"api:#/')));
  if (!validate(value)) complain(where, validate.errors);
};
let checked = 0;
visit(document.paths, "#/paths", (node, at) => {
  for (const media of Object.values(node.content ?? {})) {
    const examples = Object.values(media.examples ?? {}).map(example => (example.$ref ? find(example.$ref) : example).value);
    if (media.example !== undefined) examples.push(media.example);
    for (const value of examples) { check(media.schema, value, `${at} example `); checked++; }
  }
});
for (const [name, response] of Object.entries(document.components.responses))
  for (const media of Object.values(response.content)) { check(media.schema, media.example, `${name} example `); checked++; }

const ids = new Set();
for (const [path, item] of Object.entries(document.paths)) {
  for (const [method, operation] of Object.entries(item)) {
    const where = `${method.toUpperCase()} ${path}`;
    if (!operation.operationId || ids.has(operation.operationId)) wrong.push(`${where} has no name of its own`);
    ids.add(operation.operationId);
    if (!operation.summary) wrong.push(`${where} has no summary`);
    const declared = (operation.parameters ?? []).filter(parameter => parameter.in === "path").map(parameter => parameter.name).sort();
    const used = [...path.matchAll(/\{(\w+)\}/g)].map(match => match[1]).sort();
    if (declared.join() !== used.join()) wrong.push(`${where} declares the parameters [${declared}]`);
    for (const [status, response] of Object.entries(operation.responses))
      for (const [type, media] of Object.entries(response.content ?? {}))
        if (type === "application/json" && !media.examples && !media.example) wrong.push(`${where} ${status} has no example: give Gateway/Docs/examples.json one of its schema`);
  }
}

console.log(wrong.length ? wrong.join("\n") : `${ids.size} operations, ${checked} examples`);
process.exitCode = wrong.length ? 1 : 0;
