import { describe, expect, it } from 'vitest';

import { assignmentWord, exactBytes, setCommand, shellWord } from './command';

/** What a shell makes of a line; fails for a character that means something to a shell and is not quoted. */
function wordsOf(line: string): string[] {
  const words: string[] = [];
  let word = '';
  for (let at = 0; at < line.length; at += 1) {
    const letter = line.charAt(at);
    if (letter === "'") {
      const end = line.indexOf("'", at + 1);
      word += line.slice(at + 1, end);
      at = end;
    } else if (letter === '\\') word += line.charAt((at += 1));
    else if (letter === ' ') {
      words.push(word);
      word = '';
    } else if (/[\w@%+=:,./-]/.test(letter)) word += letter;
    else throw new Error(`${letter} is not quoted in ${line}`);
  }
  return [...words, word];
}

describe('the line for a shell', () => {
  it('is read by a shell as it was meant, whatever stands in it', () => {
    for (const text of [
      'plain',
      "it's",
      'a b',
      '$HOME `id` $(id)',
      'a\nb',
      '"',
      '\\',
      '*',
      '~',
      '',
      "''",
      '内存',
      '!x',
      '#no',
      '[a]',
      '-x',
    ])
      expect(wordsOf(`description=${shellWord(text)}`), text).toEqual([`description=${text}`]);
  });

  it('leaves what is harmless as it is', () => {
    expect(setCommand('web', [{ key: 'cpu.count', value: 4 }])).toBe('visor set web cpu.count=4');
    expect(setCommand('web', [{ key: 'cpu.pinning.vcpus', value: ['0-1', '2'] }])).toBe(
      'visor set web cpu.pinning.vcpus=0-1,2',
    );
    expect(setCommand('web', [{ key: 'cpu.pinning.vcpus', value: [] }])).toBe(
      'visor set web cpu.pinning.vcpus=',
    );
  });

  it('writes lists as JSON where a comma would take an entry apart', () => {
    expect(wordsOf(assignmentWord({ key: 'cpu.pinning.vcpus', value: ['0,2', '3'] }))).toEqual([
      'cpu.pinning.vcpus=["0,2","3"]',
    ]);
    expect(wordsOf(assignmentWord({ key: 'cpu.pinning.vcpus', value: ['', '3'] }))).toEqual([
      'cpu.pinning.vcpus=["","3"]',
    ]);
  });

  it('names sizes exactly', () => {
    expect(exactBytes(2 * 1024 ** 3)).toBe('2GiB');
    expect(exactBytes(1536 * 1024 ** 2)).toBe('1536MiB');
    expect(exactBytes(1234567891)).toBe('1234567891');
    expect(exactBytes(0)).toBe('0');
    expect(assignmentWord({ key: 'memory.size', value: 1024 ** 3, type: 'bytes' })).toBe('memory.size=1GiB');
  });

  it('keeps places of lists from being taken for names of files', () => {
    expect(wordsOf(assignmentWord({ key: 'nics[nic0].linkUp', value: false }))).toEqual([
      'nics[nic0].linkUp=false',
    ]);
    expect(assignmentWord({ key: 'nics[nic0].linkUp', value: false })).toBe("'nics[nic0].linkUp=false'");
  });
});
