// Holds Kubernetes objects (standard input: a JSON list) against the schemas of the pinned packages. Prints a JSON list with the errors of each.
// Argument: the folder of the packages. Like a strict API server it refuses fields that no schema knows, which the compiled schemas let pass.
import { existsSync, readFileSync } from 'node:fs';
import { register } from 'node:module';
import { pathToFileURL } from 'node:url';

const packages = `${pathToFileURL(process.argv[2])}/`;
const formats = `
  import { fullFormats } from '${packages}ajv-formats/dist/formats.js';
  export const formats = {
    ...fullFormats,
    byte: { validate: value => /^[A-Za-z0-9+/]*={0,2}$/.test(value) },
    quantity: { validate: /^[+-]?(\\d+|\\d*\\.\\d+)([KMGTPE]i|[munkMGTPE]|[eE][+-]?\\d+)?$/ },
  };`;
// The packages lie side by side without a node_modules, and of their library for run time, which needs a dozen more, formats are all that is used.
register(`data:text/javascript,${encodeURIComponent(`
  export const resolve = (name, context, next) => {
    if (name === '@kubernetes-models/validate') return { url: ${JSON.stringify(`data:text/javascript,${encodeURIComponent(formats)}`)}, shortCircuit: true };
    if (name.endsWith('/ucs2length')) return { url: 'data:text/javascript,export default text => [...text].length', shortCircuit: true };
    return next(/^@?kubernetes-models\\//.test(name) ? '${packages}' + name + '.js' : name, context);
  };`)}`, import.meta.url);

const owners = {
  'keda.sh': '@kubernetes-models/keda',
  'gateway.networking.k8s.io': '@kubernetes-models/gateway-api',
  'cert-manager.io': '@kubernetes-models/cert-manager',
  'external-secrets.io': '@kubernetes-models/external-secrets',
};

const check = async object => {
  const owner = new URL(`${owners[object.apiVersion?.split('/')[0]] ?? 'kubernetes-models'}/`, packages);
  const model = new URL(`${object.apiVersion}/${object.kind}.js`, owner);
  const schema = existsSync(model) && readFileSync(model, 'utf8').match(/_schemas\/\w+\.js/)?.[0];
  if (!schema) return [`no schema for ${object.apiVersion} ${object.kind}`];

  const { validate } = await import(new URL(schema, owner));
  const asked = new Map();
  const errors = validate(watch(object, asked)) ? [] : validate.errors.map(error => `${error.instancePath || '/'} ${describe(error)}`);
  return [...new Set([...errors, ...unknown(object, '', asked)])];
};

const describe = ({ keyword, params }) => `${keyword} ${JSON.stringify(params)}`;

// Notes which fields of each object the schema asks for.
const watch = (value, asked) => {
  if (value === null || typeof value !== 'object') return value;
  const fields = asked.get(value) ?? new Set();
  asked.set(value, fields);
  return new Proxy(value, {
    get: (target, name) => (fields.add(name), watch(target[name], asked)),
    ownKeys: target => (Object.keys(target).forEach(name => fields.add(name)), Reflect.ownKeys(target)),
  });
};

const unknown = (value, path, asked) => {
  if (value === null || typeof value !== 'object') return [];
  const isList = Array.isArray(value);
  return Object.keys(value).flatMap(name =>
    isList || asked.get(value)?.has(name) ? unknown(value[name], `${path}/${name}`, asked) : [`${path}/${name} is no field`]);
};

const objects = JSON.parse(readFileSync(0, 'utf8'));
console.log(JSON.stringify(await Promise.all(objects.map(check))));
