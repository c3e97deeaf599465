// Notes of people about their machines: Markdown that is trusted with nothing. Pure.

/** The address when a link may lead there: another site or a mail, never a script, a file or a place without a scheme. */
export function safeLink(href: string | undefined): string | undefined {
  try {
    const { protocol } = new URL(href ?? '');
    return ['http:', 'https:', 'mailto:'].includes(protocol) ? href : undefined;
  } catch {
    return undefined;
  }
}

/** The first line that says something, without its marks: for places that have one line. */
export function firstLine(text: string): string {
  const line = text.split('\n').find((one) => /[\p{L}\p{N}]/u.test(one)) ?? '';
  return line
    .trim()
    .replace(/^(?:#{1,6}|>|[-*+]|\d+[.)])\s+/, '')
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/(\*\*|__|~~|`)(.+?)\1/g, '$2')
    .replace(/(^|\W)[*_](\S[^*_]*?)[*_](?=\W|$)/g, '$1$2');
}
