// Numbers as people read them. Pure; the language is handed in.

const byteUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

function scaled(value: number): { number: number; unit: number } {
  let number = value;
  let unit = 0;
  while (Math.abs(number) >= 1024 && unit < byteUnits.length - 1) {
    number /= 1024;
    unit += 1;
  }
  return { number, unit };
}

function short(number: number): string {
  if (Number.isInteger(number) || Math.abs(number) >= 100) return String(Math.round(number));
  return number.toFixed(1).replace(/\.0$/, '');
}

export function formatBytes(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const { number, unit } = scaled(value);
  // 1023.97 KiB must read 1 MiB, not 1024 KiB.
  if (Math.round(number) === 1024 && unit < byteUnits.length - 1) return `1 ${byteUnits[unit + 1]}`;
  return `${short(number)} ${byteUnits[unit]}`;
}

/** A number and its unit stay on one line. */
export const unbroken = (text: string) => text.replaceAll(' ', '\u00a0');

export function formatRate(value: number): string {
  return `${formatBytes(value)}/s`;
}

export function formatPercent(value: number): string {
  if (!Number.isFinite(value)) return '–';
  return value >= 10 || value === 0 ? `${Math.round(value)} %` : `${value.toFixed(1)} %`;
}

/** `6d 04:12:09`, `04:12:09`: a clock that does not jump in width while it runs. */
export function formatClock(seconds: number, language: string): string {
  const whole = Math.max(0, Math.floor(seconds));
  const days = Math.floor(whole / 86400);
  const two = (part: number) => String(part).padStart(2, '0');
  const clock = `${two(Math.floor((whole % 86400) / 3600))}:${two(Math.floor((whole % 3600) / 60))}:${two(whole % 60)}`;
  return days > 0 ? `${days}${language === 'zh' ? ' 天' : 'd'} ${clock}` : clock;
}

/** A span of work: `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`. */
export function formatSpan(milliseconds: number, language: string): string {
  const [s, min, h] = language === 'zh' ? ['秒', '分', '小时'] : ['s', 'min', 'h'];
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 0.05) return `< 0.1 ${s}`;
  if (seconds < 10) return `${seconds.toFixed(1)} ${s}`;
  if (seconds < 60) return `${Math.floor(seconds)} ${s}`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} ${min} ${Math.floor(seconds % 60)} ${s}`;
  return `${Math.floor(minutes / 60)} ${h} ${minutes % 60} ${min}`;
}

export function formatDateTime(time: string, language: string): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return '–';
  return new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' }).format(date);
}

const ages: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
];

/** "5 minutes ago", in the reader's language. */
export function formatAge(time: string, now: number, language: string): string {
  const seconds = Math.max(0, (now - new Date(time).getTime()) / 1000);
  if (!Number.isFinite(seconds)) return '–';
  const [unit, size] = ages.find(([, length]) => seconds >= length) ?? ['second', 1];
  const age = new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(
    -Math.floor(seconds / size),
    unit,
  );
  // "5分钟前" stands beside "5 分".
  return age.replace(/^(\d+)(?=\p{Script=Han})/u, '$1 ');
}

/** Reads `4 GiB`, `512m`, `1.5G`, `1073741824`; null when it is none of these. Units are powers of 1024. */
export function parseBytes(text: string): number | null {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([kmgtp]?)(?:i?b)?\s*$/i.exec(text);
  if (!match) return null;
  const power = ' kmgtp'.indexOf((match[2] ?? '').toLowerCase() || ' ');
  return Math.round(Number(match[1]) * 1024 ** power);
}
