import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it } from 'vitest';

import Markdown from '../components/notes/Markdown';
import { firstLine, safeLink } from './notes';

const shown = (text: string) => renderToStaticMarkup(createElement(Markdown, { text }));

describe('notes', () => {
  it('run no script and load nothing, whatever is written in them', () => {
    for (const text of [
      '<script>alert(1)</script>',
      '<img src=x onerror=alert(1)>',
      '[a](javascript:alert(1))',
      '[a](JaVaScRiPt:alert(1))',
      '[a](data:text/html,<script>alert(1)</script>)',
      '![a](javascript:alert(1))',
      '<iframe src="https://example.org"></iframe>',
      '[a](vbscript:x)\n\n[b]: javascript:alert(1)\n[b]',
      '<a href="javascript:alert(1)">x</a>',
      '`<script>`',
      '![p](https://example.org/p.png)',
    ])
      expect(shown(text), text).not.toMatch(/<(script|img|iframe)|javascript:|vbscript:|onerror=|data:text/i);
  });

  it('open links elsewhere, without handing this page over', () => {
    const html = shown('[site](https://example.org) and https://example.net');
    expect(html.match(/<a /g)).toHaveLength(2);
    expect(html.match(/rel="noopener noreferrer nofollow"/g)).toHaveLength(2);
    expect(safeLink('mailto:a@example.org')).toBe('mailto:a@example.org');
    for (const bad of ['/machines', '//example.org', 'file:///etc/passwd', '', undefined])
      expect(safeLink(bad)).toBeUndefined();
  });

  it('have headings below those of the page, lists and tables', () => {
    const html = shown('# Title\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |');
    expect(html).toContain('<h3>Title</h3>');
    expect(html).not.toContain('<h1>');
    expect(html).toContain('<table>');
  });

  it('say on one line what their first line says', () => {
    expect(firstLine('\n---\n# **Build** host\nmore')).toBe('Build host');
    expect(firstLine('- see [the wiki](https://example.org) for `make`')).toBe('see the wiki for make');
    expect(firstLine('*only* for _tests_, snake_case_stays')).toBe('only for tests, snake_case_stays');
    expect(firstLine('1. 数据库')).toBe('数据库');
    expect(firstLine('')).toBe('');
  });
});
