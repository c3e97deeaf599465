// The processors of the host with what runs where: chips of the machine are put on them by dragging, by pressing or by keys. The
// daemon can propose places, too. Nothing is bound before the user has seen what would change.
import { Button, Dropdown, Option, makeStyles, tokens, typographyStyles } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { getPinning, getTopology } from '../../../api/calls';
import type { HostTopology, PinningGoal, PinningProposal } from '../../../api/topologyTypes';
import type { Machine } from '../../../api/types';
import { useNotify } from '../../../components/notify';
import { PageSkeleton } from '../../../components/PageSkeleton';
import { ProblemMessage } from '../../../components/ProblemMessage';
import { RowCard, SettingRow } from '../../../components/SettingRow';
import { OwnerList } from '../../../components/topology/OwnerList';
import { OwnerMarks } from '../../../components/topology/OwnerMark';
import { usePieceName } from '../../../components/topology/pieces';
import type { MapSlots } from '../../../components/topology/slots';
import { TopologyMap } from '../../../components/topology/TopologyMap';
import { useVisible } from '../../../lib/hooks';
import { ownersByProcessor, parseCpuList, piecesOn, warningsOf, type Piece } from '../../../lib/pinning';
import { useChangeSetting } from '../useChangeSetting';
import { PinPreview } from './PinPreview';
import { PinTray } from './PinTray';
import { usePinDraft, type Hold } from './usePinDraft';

const goals: PinningGoal[] = ['fastest', 'balanced', 'quiet'];
const refreshMilliseconds = 2000;

const useStyles = makeStyles({
  goal: { minWidth: '150px' },
  place: {
    ...typographyStyles.caption2Strong,
    boxSizing: 'border-box',
    minWidth: '16px',
    height: '16px',
    lineHeight: '16px',
    padding: '0 3px',
    textAlign: 'center',
    borderRadius: tokens.borderRadiusCircular,
    backgroundColor: tokens.colorBrandBackground,
    color: tokens.colorNeutralForegroundOnBrand,
    cursor: 'grab',
  },
  owners: {
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalL}`,
    borderTop: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke3}`,
    '@media (max-width: 639px)': { padding: tokens.spacingHorizontalM },
  },
});

export function PinningPanel({ machine }: { machine: Machine }) {
  const panel = useRef<HTMLDivElement>(null);
  const visible = useVisible(panel);
  const { data, error, refetch } = useQuery({
    queryKey: ['topology'],
    queryFn: getTopology,
    staleTime: 0,
    refetchInterval: visible && refreshMilliseconds,
  });
  return (
    <div ref={panel} data-card="pinning">
      {data ? (
        <Picture machine={machine} topology={data} />
      ) : error ? (
        <ProblemMessage error={error} onRetry={() => void refetch()} />
      ) : (
        <PageSkeleton path="" />
      )}
    </div>
  );
}

/** Takes hold of a piece by pressing it: the focus goes into the picture, and back to the chip when it is put down. */
function usePick() {
  const [picked, setPicked] = useState<Piece | null>(null);
  const root = useRef<HTMLDivElement>(null);
  const lately = useRef<Piece | null>(null);
  useEffect(() => {
    const before = lately.current;
    lately.current = picked;
    const find = (selector: string) => root.current?.querySelector<HTMLElement>(selector);
    if (picked !== null) {
      const there = find(`[data-placed="${picked}"]`)?.closest('[data-processor]')?.querySelector('button');
      (there ?? find('[data-processor] > button'))?.focus();
    } else if (before !== null) find(`[data-piece="${before}"]`)?.focus();
  }, [picked]);
  return { picked, setPicked, root };
}

function useSlots(machine: Machine, topology: HostTopology) {
  const { t } = useTranslation();
  const styles = useStyles();
  const pieceName = usePieceName();
  const editor = usePinDraft(machine);
  const { picked, setPicked, root } = usePick();
  const [hold, setHold] = useState<Hold | null>(null);
  const owners = ownersByProcessor(topology.owners, machine.name);
  const putPicked = (processors: number[], add: boolean) => {
    if (picked === null) return;
    editor.put({ piece: picked }, processors, add);
    setPicked(null);
  };
  const slots: MapSlots = {
    marks: (processor) => (
      <>
        {piecesOn(editor.draft, processor).map((piece) => (
          <span
            key={piece}
            className={styles.place}
            title={pieceName(piece)}
            data-placed={piece}
            draggable
            onDragStart={(event) => {
              event.dataTransfer.setData('text/plain', pieceName(piece));
              setHold({ piece, from: processor });
            }}
            onDragEnd={() => setHold(null)}
          >
            {piece === 'emulator' ? 'Q' : piece === 'io' ? 'D' : piece}
          </span>
        ))}
        <OwnerMarks owners={owners.get(processor)} processor={processor} />
      </>
    ),
    group:
      picked === null
        ? undefined
        : (processors, name) => (
            <Button
              size="small"
              aria-label={t('pinning.putGroup', { piece: pieceName(picked), group: name })}
              onClick={(event) => putPicked(processors, event.shiftKey)}
            >
              {t('pinning.all')}
            </Button>
          ),
    choose:
      picked === null
        ? undefined
        : {
            label: (processor) => t('pinning.put', { piece: pieceName(picked), processor }),
            run: putPicked,
          },
    drop: hold
      ? (processors, add) => {
          editor.put(hold, processors, add);
          setHold(null);
        }
      : undefined,
  };
  return { editor, slots, picked, setPicked, hold, setHold, root };
}

function useProposal(machine: Machine, take: (proposal: PinningProposal) => void) {
  const notify = useNotify();
  const [goal, setGoal] = useState<PinningGoal>('fastest');
  const [proposal, setProposal] = useState<PinningProposal | null>(null);
  const ask = async () => {
    try {
      const answer = await getPinning(machine.name, goal);
      setProposal(answer);
      take(answer);
    } catch (error) {
      notify.problem(error);
    }
  };
  return { goal, setGoal, proposal, forget: () => setProposal(null), ask };
}

function Picture({ machine, topology }: { machine: Machine; topology: HostTopology }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const title = t('pinning.title');
  const { editor, slots, picked, setPicked, hold, setHold, root } = useSlots(machine, topology);
  const { change, problem, setProblem, busy } = useChangeSetting(machine, 'cpu.pinning', title);
  const asked = useProposal(machine, ({ pinning }) => {
    editor.use(pinning);
    setPicked(null);
  });
  const { pinning } = machine.spec.cpu;
  const discard = () => {
    editor.forget();
    asked.forget();
    setPicked(null);
    setProblem('');
  };
  const apply = async () => {
    if (await change(editor.wanted)) discard();
  };
  const warnings = warningsOf({
    topology,
    machine: machine.name,
    draft: editor.draft,
    exclusive: pinning.exclusive,
    memoryNodes: [...new Set(machine.spec.memory.hostNodes.flatMap(parseCpuList))],
  });
  const others = topology.owners.some((owner) => owner.machine !== machine.name);
  return (
    <RowCard>
      <SettingRow title={title} sentence={t('pinning.sentence')}>
        <Dropdown
          className={styles.goal}
          aria-label={t('pinning.goal')}
          value={t(`pinning.goals.${asked.goal}`)}
          selectedOptions={[asked.goal]}
          onOptionSelect={(_, data) =>
            asked.setGoal(goals.find((one) => one === data.optionValue) ?? asked.goal)
          }
        >
          {goals.map((one) => (
            <Option key={one} value={one}>
              {t(`pinning.goals.${one}`)}
            </Option>
          ))}
        </Dropdown>
        <Button onClick={() => void asked.ask()}>{t('pinning.propose')}</Button>
      </SettingRow>
      <div
        ref={root}
        onKeyDown={(event) => {
          if (event.key === 'Escape') setPicked(null);
        }}
      >
        <PinTray
          draft={editor.draft}
          picked={picked}
          busy={busy}
          dragging={hold !== null}
          onPick={setPicked}
          onDrag={setHold}
          onFree={editor.free}
          onDrop={() => {
            if (hold) editor.free(hold);
            setHold(null);
          }}
        />
        <TopologyMap topology={topology} slots={slots} />
        {others && (
          <div className={styles.owners}>
            <OwnerList owners={topology.owners} but={machine.name} />
          </div>
        )}
        <PinPreview
          machine={machine}
          editor={editor}
          warnings={warnings}
          proposal={asked.proposal}
          problem={problem}
          busy={busy}
          onApply={() => void apply()}
          onDiscard={discard}
        />
      </div>
    </RowCard>
  );
}
