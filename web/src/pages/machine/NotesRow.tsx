// Notes about a machine: written as plain text, shown with their Markdown below while one writes.
import { Button, Caption1, Textarea, makeStyles, tokens } from '@fluentui/react-components';
import { useEffect, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';

import type { Machine, Setting } from '../../api/types';
import { CopyChip } from '../../components/Chip';
import { ErrorCircleRegular } from '../../components/icons';
import { Notes } from '../../components/notes/Notes';
import { SettingRow } from '../../components/SettingRow';
import { setCommand } from '../../lib/command';
import { settingSentence, settingTitle } from '../../lib/words';
import { useExplained } from './Explained';
import { useChangeSetting } from './useChangeSetting';

const useStyles = makeStyles({
  below: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalS,
    width: '100%',
    minWidth: 0,
  },
  acts: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalS },
  shown: {
    padding: tokens.spacingHorizontalM,
    borderRadius: tokens.borderRadiusMedium,
    border: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke3}`,
  },
  problem: {
    display: 'inline-flex',
    alignItems: 'center',
    gap: tokens.spacingHorizontalXS,
    color: tokens.colorStatusDangerForeground1,
  },
});

export function NotesRow({ machine, setting }: { machine: Machine; setting: Setting }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const title = settingTitle(t, setting);
  const { change, changed, problem, setProblem, busy } = useChangeSetting(machine, setting.key, title);
  const [text, setText] = useState(machine.description);
  useEffect(() => setText(machine.description), [machine.description]);
  const command = setCommand(machine.name, [{ key: setting.key, value: text }]);
  const { button, made } = useExplained(machine, setting.key, title, command);
  const differs = text !== machine.description;
  const discard = () => {
    setText(machine.description);
    setProblem('');
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && differs) void change(text);
    if (event.key === 'Escape') discard();
  };
  return (
    <SettingRow
      title={title}
      sentence={settingSentence(t, setting)}
      below={
        <div className={styles.below}>
          <Textarea
            aria-label={title}
            value={text}
            readOnly={busy}
            resize="vertical"
            rows={Math.min(14, Math.max(3, text.split('\n').length + 1))}
            onChange={(_, data) => setText(data.value)}
            onKeyDown={onKeyDown}
          />
          {problem && (
            <Caption1 className={styles.problem} role="alert">
              <ErrorCircleRegular aria-hidden /> {problem}
            </Caption1>
          )}
          {differs && (
            <div className={styles.acts}>
              <Button appearance="primary" size="small" disabled={busy} onClick={() => void change(text)}>
                {t('notes.save')}
              </Button>
              <Button size="small" disabled={busy} onClick={discard}>
                {t('notes.discard')}
              </Button>
            </div>
          )}
          {text.trim() !== '' && (
            <section className={styles.shown} aria-label={t('notes.preview')}>
              <Notes text={text} />
            </section>
          )}
          {(differs || changed) && !made && (
            <div className={styles.acts}>
              <CopyChip text={command} />
            </div>
          )}
          {made}
        </div>
      }
    >
      {button}
    </SettingRow>
  );
}
