// What would change, what to mind, and the command that does the same; bound only when the user says so.
import { Body1, Button, Caption1, makeStyles, tokens } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { previewPatch } from '../../../api/calls';
import type { PinningProposal } from '../../../api/topologyTypes';
import type { Machine } from '../../../api/types';
import { CopyChip } from '../../../components/Chip';
import {
  CheckmarkRegular,
  ClockRegular,
  ErrorCircleRegular,
  WarningRegular,
} from '../../../components/icons';
import { useCommonStyles } from '../../../components/styles';
import { usePieceName } from '../../../components/topology/pieces';
import { setCommand } from '../../../lib/command';
import { cpuListText, type PinWarning } from '../../../lib/pinning';
import { isPartOf, patchOf } from '../../../lib/settings';
import { problemOf, problemText, spoken } from '../../../lib/words';
import type { PinEditor } from './usePinDraft';

const useStyles = makeStyles({
  preview: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalXS,
    padding: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalL}`,
    borderTop: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke3}`,
    '@media (max-width: 639px)': { padding: tokens.spacingHorizontalM },
  },
  changes: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fill, minmax(min(200px, 100%), 1fr))',
    gap: `${tokens.spacingVerticalXS} ${tokens.spacingHorizontalM}`,
  },
  line: {
    display: 'flex',
    alignItems: 'flex-start',
    gap: tokens.spacingHorizontalXS,
    overflowWrap: 'anywhere',
  },
  warning: { color: tokens.colorStatusWarningForeground1 },
  danger: { color: tokens.colorStatusDangerForeground1 },
  acts: {
    display: 'flex',
    flexWrap: 'wrap',
    gap: tokens.spacingHorizontalS,
    paddingTop: tokens.spacingVerticalXS,
  },
});

/** Of a large machine on a busy host there may be hundreds, which are much the same. */
const mostWarnings = 10;

function useWarningText() {
  const { t } = useTranslation();
  const list = (numbers: number[]) => cpuListText(numbers).replaceAll(',', t('common.listSeparator'));
  return (warning: PinWarning): string => {
    switch (warning.kind) {
      case 'crowded':
        return t('pinning.warning.crowded', { processor: warning.processor, vcpus: list(warning.vcpus) });
      case 'farMemory':
        return t('pinning.warning.farMemory', {
          processors: list(warning.processors),
          nodes: list(warning.nodes),
          memory: list(warning.memory),
        });
      case 'spread':
        return t('pinning.warning.spread', { nodes: list(warning.nodes) });
      default:
        return t(`pinning.warning.${warning.kind}`, { ...warning });
    }
  };
}

/** Whether the daemon would take it, and when. */
function Verdict({ machine, editor }: { machine: Machine; editor: PinEditor }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const patch = patchOf('cpu.pinning', editor.wanted);
  const answer = useQuery({
    queryKey: ['preview pinning', machine.name, machine.revision, JSON.stringify(patch)],
    queryFn: () => previewPatch(machine, patch),
    retry: false,
    staleTime: 0,
  });
  const refused = answer.data?.rejected.find((change) => isPartOf(change.field, 'cpu.pinning'));
  const problem = answer.isError ? problemOf(answer.error) : null;
  const said = refused
    ? spoken(refused.reason ?? t('settings.refused'))
    : problem && (problem.fields?.[0] ? spoken(problem.fields[0].detail) : problemText(t, problem).title);
  if (said)
    return (
      <Caption1 className={`${styles.line} ${styles.danger}`} role="alert">
        <ErrorCircleRegular aria-hidden /> {said}
      </Caption1>
    );
  if (!answer.data) return null;
  const waits = answer.data.pending.length > 0;
  return (
    <Caption1 className={styles.line}>
      {waits ? <ClockRegular aria-hidden /> : <CheckmarkRegular aria-hidden />}
      {t(waits ? 'pinning.waits' : 'pinning.atOnce')}
    </Caption1>
  );
}

interface PinPreviewProps {
  machine: Machine;
  editor: PinEditor;
  warnings: PinWarning[];
  proposal: PinningProposal | null;
  problem: string;
  busy: boolean;
  onApply: () => void;
  onDiscard: () => void;
}

export function PinPreview(props: PinPreviewProps) {
  const { machine, editor, warnings, proposal, problem, busy, onApply, onDiscard } = props;
  const { t } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  const pieceName = usePieceName();
  const warningText = useWarningText();
  const { changes, wanted } = editor;
  const told = [...(proposal?.warnings ?? []).map(spoken), ...warnings.map(warningText)];
  const anywhere = (processors: number[]) => cpuListText(processors) || t('pinning.any');
  if (changes.length === 0 && warnings.length === 0 && !proposal && !problem) return null;
  const command = setCommand(machine.name, [
    { key: 'cpu.pinning.vcpus', value: wanted.vcpus },
    { key: 'cpu.pinning.emulator', value: wanted.emulator },
    ...(editor.draft.io ? [{ key: 'cpu.pinning.io', value: wanted.io }] : []),
  ]);
  return (
    <div className={styles.preview} data-preview>
      {problem && (
        <Caption1 className={`${styles.line} ${styles.danger}`} role="alert">
          <ErrorCircleRegular aria-hidden /> {problem}
        </Caption1>
      )}
      {changes.length > 0 && (
        <div className={styles.changes}>
          {changes.map(({ piece, from, to }) => (
            <Body1 key={piece}>
              {pieceName(piece)}: <span className={common.secondary}>{anywhere(from)}</span> → {anywhere(to)}
            </Body1>
          ))}
        </div>
      )}
      {proposal?.reasons.map((reason) => (
        <Caption1 key={reason} className={styles.line}>
          <CheckmarkRegular aria-hidden /> {spoken(reason)}
        </Caption1>
      ))}
      {told.slice(0, mostWarnings).map((text) => (
        <Caption1 key={text} className={`${styles.line} ${styles.warning}`} data-warning>
          <WarningRegular aria-hidden /> {text}
        </Caption1>
      ))}
      {told.length > mostWarnings && (
        <Caption1 className={`${styles.line} ${styles.warning}`} title={told.slice(mostWarnings).join('\n')}>
          <WarningRegular aria-hidden /> {t('pinning.more', { count: told.length - mostWarnings })}
        </Caption1>
      )}
      {changes.length > 0 && (
        <>
          <Verdict machine={machine} editor={editor} />
          <div className={styles.acts}>
            <CopyChip text={command} />
          </div>
          <div className={styles.acts}>
            <Button appearance="primary" size="small" disabled={busy} onClick={onApply}>
              {t('pinning.apply')}
            </Button>
            <Button size="small" disabled={busy} onClick={onDiscard}>
              {t('pinning.discard')}
            </Button>
          </div>
        </>
      )}
    </div>
  );
}
