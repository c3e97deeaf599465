// Fails when a text is missing in one language, when the page asks for a key that no file has, or when a key is left
// that nothing asks for. Keys built with `${}` count by their shape: `state.${x}` uses everything under `state.`.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const root = new URL('..', import.meta.url).pathname;
const plural = /_(zero|one|two|few|many|other)$/;

function flatten(object, prefix = '') {
  return Object.entries(object).flatMap(([key, value]) =>
    typeof value === 'string' ? [[prefix + key, value]] : flatten(value, `${prefix}${key}.`),
  );
}

function sources(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return /\.tsx?$/.test(entry.name) ? [readFileSync(path, 'utf8')] : [];
  });
}

const languages = Object.fromEntries(
  ['en', 'zh'].map((name) => [
    name,
    new Map(flatten(JSON.parse(readFileSync(join(root, `src/i18n/${name}.json`), 'utf8')))),
  ]),
);
// What the daemon says has its Chinese words in a file of its own; `tools/check translations` looks after it.
const daemon = JSON.parse(readFileSync(join(root, 'src/i18n/daemon.zh.json'), 'utf8'));
for (const [code, words] of Object.entries(daemon.error))
  for (const [part, text] of Object.entries(words))
    languages.zh.set(`error.${code.replaceAll('.', '_')}.${part}`, text);

const keysOf = (map) => new Set([...map.keys()].map((key) => key.replace(plural, '')));
const en = keysOf(languages.en);
const zh = keysOf(languages.zh);
const problems = [];

for (const key of en) if (!zh.has(key)) problems.push(`zh.json lacks ${key}`);
for (const key of zh) if (!en.has(key) && !key.startsWith('error.')) problems.push(`en.json lacks ${key}`);
for (const [name, map] of Object.entries(languages))
  for (const [key, text] of map) if (!text.trim()) problems.push(`${name}.json: ${key} is empty`);

const namesIn = (text) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1]);
for (const [key, text] of languages.zh) {
  const other = languages.en.get(key) ?? '';
  for (const name of namesIn(text))
    if (!namesIn(other).includes(name)) problems.push(`zh.json: ${key} has {{${name}}}, en.json has not`);
}

const code = sources(join(root, 'src')).join('\n');
const used = new Set();
const shapes = [];
for (const [, quoted] of code.matchAll(/'([a-z][A-Za-z]*(?:\.[A-Za-z0-9_]+)+)'/g)) used.add(quoted);
for (const [, quoted] of code.matchAll(/i18nKey="([^"]+)"/g)) used.add(quoted);
for (const [, template] of code.matchAll(/\bt\(\s*`([^`]+)`/g)) {
  const literal = template
    .split(/\$\{(?:[^{}]|\{[^}]*\})*\}/)
    .map((part) => part.replace(/[.*+?^()|[\]\\]/g, '\\$&'));
  shapes.push(new RegExp(`^${literal.join('[^.]+')}$`));
}
for (const [, quoted] of code.matchAll(/\bt\(\s*'([^']+)'/g))
  if (!en.has(quoted)) problems.push(`the page asks for ${quoted}, which no file has`);
for (const key of en)
  if (!used.has(key) && !shapes.some((shape) => shape.test(key))) problems.push(`nothing asks for ${key}`);

if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exit(1);
}
console.log(`translations: ${en.size} keys, complete in ${Object.keys(languages).join(' and ')}`);
