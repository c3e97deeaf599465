// Ranking for the palette. Pure.

/** Higher is better, 0 is no match: every word of the query must occur; starts count more. */
export function matchScore(text: string, query: string): number {
  const lower = text.toLowerCase();
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  let score = 1;
  for (const word of words) {
    const index = lower.indexOf(word);
    if (index < 0) return 0;
    if (index === 0) score += 3;
    else if (/[^a-z0-9]/.test(lower[index - 1] ?? '')) score += 2;
    else score += 1;
  }
  return lower === query.toLowerCase() ? score + 3 : score;
}

export function bestMatches<T>(items: T[], query: string, textOf: (item: T) => string, most: number): T[] {
  return items
    .map((item) => ({ item, score: matchScore(textOf(item), query) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .slice(0, most)
    .map(({ item }) => item);
}
