import i18next, { type TFunction } from 'i18next';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Problem } from '../api/types';
import { translated } from './daemonWords';
import { problemText, reasonText, settingTitle, spoken, stepTitle } from './words';

const t = ((_key: string, options?: { defaultValue?: string }) => options?.defaultValue ?? '') as TFunction;
const problem = (code: string, detail: string, more: Partial<Problem> = {}): Problem => ({
  title: '',
  status: 409,
  code,
  detail,
  ...more,
});

describe('what the daemon says', () => {
  beforeEach(() => i18next.init({ lng: 'zh', showSupportNotice: false }));
  afterEach(() => i18next.changeLanguage('en'));

  it('is read in Chinese with its names and numbers', () => {
    expect(spoken("There is already a machine named 'hello'.")).toBe('已有名为“hello”的虚拟机。');
    expect(spoken('Memory must be between 16 MiB and 16 TiB, not 1 MiB.')).toBe(
      '内存须在 16 MiB 到 16 TiB 之间，不能是 1 MiB。',
    );
    expect(spoken('Cannot delete a machine that is running. Stop it first, or delete it with force.')).toBe(
      '虚拟机的状态为“运行中”，不能删除。请先停止它，或强制删除。',
    );
    expect(spoken('Downloading: 12 MiB of 100 MiB, 3 MiB/s')).toBe('正在下载：12 MiB / 100 MiB，3 MiB/s');
  });

  it('does not translate what the user named', () => {
    expect(spoken("There is no machine named 'running'.")).toBe('没有名为“running”的虚拟机。');
  });

  it('loses no detail when only the code is known', () => {
    expect(problemText(t, problem('machine.start_failed', 'Could not open disk: /a/b.'))).toEqual({
      title: '虚拟机启动失败。',
      hint: 'QEMU 的说明见下；更多内容在“任务与事件”页的 QEMU 日志中。',
      said: 'Could not open disk: /a/b.',
    });
  });

  it('loses no command that the daemon advises', () => {
    const missing = problem(
      'image.build_tool_missing',
      'To build an image these programs are needed: parted.',
      {
        hint: 'sudo apt-get install --no-install-recommends parted',
      },
    );
    expect(problemText(t, missing)).toEqual({
      title: '构建映像需要以下程序：parted。',
      hint: '',
      said: 'sudo apt-get install --no-install-recommends parted',
    });
  });

  it('names every refused value once', () => {
    const fields = ['Port 22 is forwarded twice.', 'Something new.'].map((detail) => ({
      field: '',
      code: '',
      detail,
    }));
    const refused = problem('machine.invalid', 'Port 22 is forwarded twice. (and 1 more)', { fields });
    expect(problemText(t, refused).said).toBe('Port 22 is forwarded twice. Something new.');
    expect(problemText(t, { ...refused, fields: fields.slice(0, 1) })).toEqual({
      title: '端口 22 被重复转发。',
      hint: '',
      said: '',
    });
  });

  it('keeps the log below the reason of a crash as it is', () => {
    expect(spoken('The path is one of the host that you see.')).toBe(
      'The path is one of the host that you see.',
    );
    expect(reasonText('QEMU ended: signal 9.\nread of x is missing.')).toBe(
      'QEMU 已结束：signal 9。\nread of x is missing.',
    );
  });

  it('has words for the members of lists and for steps', () => {
    expect(settingTitle(t, { key: 'spec.disks[3].readOnly', title: 'Read-only' })).toBe('只读');
    expect(stepTitle('Create disks')).toBe('创建磁盘');
  });

  it('stays as it is for a reader of English', async () => {
    await i18next.changeLanguage('en');
    const refused = problem('machine.exists', "There is already a machine named 'a'.", {
      hint: 'Choose another.',
    });
    expect(problemText(t, refused)).toEqual({ title: refused.detail, hint: 'Choose another.', said: '' });
    expect(translated('en', 'Create disks')).toBeUndefined();
  });
});
