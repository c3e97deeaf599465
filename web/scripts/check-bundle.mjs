// Fails when what the first page loads grows beyond 600 kB gzipped: the entry with everything it imports at once.
import { readFileSync, readdirSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const limit = 600 * 1000;
const dist = new URL('../dist/', import.meta.url).pathname;
const html = readFileSync(`${dist}index.html`, 'utf8');
const first = new Set([...html.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map((match) => match[1]));
for (const file of first) {
  if (!file.endsWith('.js')) continue;
  const code = readFileSync(dist + file, 'utf8');
  for (const [, name] of code.matchAll(/(?:^|[;}\n])import[^"'()]*?["']\.\/([\w.-]+\.js)["']/g))
    first.add(`assets/${name}`);
}
for (const name of readdirSync(`${dist}assets`))
  if (/inter-latin.*woff2$/.test(name)) first.add(`assets/${name}`);

const sizes = [...first].map((file) => [file, gzipSync(readFileSync(dist + file)).length]);
const total = sizes.reduce((sum, [, size]) => sum + size, 0);
for (const [file, size] of sizes) console.log(`${String(Math.round(size / 1000)).padStart(5)} kB  ${file}`);
console.log(`first page: ${Math.round(total / 1000)} kB gzipped (limit ${limit / 1000} kB)`);
if (total > limit) process.exit(1);
