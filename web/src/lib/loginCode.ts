/** The code in what someone pasted: a whole login link, or the bare code. */
export function codeOf(text: string): string {
  const trimmed = text.trim();
  const match = /[?&]code=([^&#\s]+)/.exec(trimmed);
  return match?.[1] ? decodeURIComponent(match[1]) : trimmed;
}
