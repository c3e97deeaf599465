// What the daemon says in English, in the reader's language where we know it. `tools/check translations` holds the words
// against the daemon's sources: every code, step and setting has them.
import zh from '../i18n/daemon.zh.json';

interface DaemonWords {
  error: Record<string, { title: string; hint?: string }>;
  setting: Record<string, { title: string; sentence: string }>;
  step: Record<string, string>;
  /** English sentences with `{}` for what is filled in; `{1}` takes it over, `{1*}` translates it as well. */
  sentence: Record<string, string>;
}

const languages: Record<string, DaemonWords> = { zh };

export const daemonWords = (language: string): DaemonWords | undefined => languages[language];

const escaped = (text: string) => text.replace(/[.*+?^$()|[\]\\{}]/g, '\\$&');

interface Pattern {
  matches: RegExp;
  words: string;
}
const compiled = new Map<string, Pattern[]>();

/** What a short sentence begins with is one word: `{} is one of {}.` must not take a sentence that happens to hold its words. */
function expressionOf(sentence: string): RegExp {
  const [first = '', ...rest] = sentence.split('{}').map(escaped);
  const short = first === '' && sentence.length < 26;
  return new RegExp(
    `^${[`${first}${short ? '(\\S*?)' : '([^]*?)'}${rest[0] ?? ''}`, ...rest.slice(1)].join('([^]*?)')}$`,
  );
}

/** The sentences with most words of their own first: `{} is missing.` must not take what a longer one knows. */
function patternsOf(language: string): Pattern[] {
  const known = compiled.get(language);
  if (known) return known;
  const patterns = Object.entries(daemonWords(language)?.sentence ?? {})
    .filter(([sentence]) => sentence.includes('{}'))
    .sort(([a], [b]) => b.length - a.length)
    .map(([sentence, words]) => ({ matches: expressionOf(sentence), words }));
  compiled.set(language, patterns);
  return patterns;
}

/** The sentence in this language with its values; nothing when we do not know it. */
export function translated(language: string, sentence: string): string | undefined {
  const text = sentence.trim();
  const whole = daemonWords(language)?.sentence[text];
  if (whole) return whole;
  for (const { matches, words } of patternsOf(language)) {
    const values = matches.exec(text);
    if (!values) continue;
    return words.replace(/\{(\d)(\*?)\}/g, (_, place: string, deep: string) => {
      const value = values[Number(place)] ?? '';
      return deep ? (translated(language, value) ?? value) : value;
    });
  }
  return undefined;
}
