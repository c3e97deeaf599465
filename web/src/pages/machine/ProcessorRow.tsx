// What the guest sees of its processor, and which kinds of hosts have all of it.
import { Button, Caption1, Dropdown, Option, makeStyles, tokens } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { getProcessor } from '../../api/calls';
import type { HostTypeFit } from '../../api/processorTypes';
import type { Machine } from '../../api/types';
import { ProblemMessage } from '../../components/ProblemMessage';
import { SettingRow } from '../../components/SettingRow';

const useStyles = makeStyles({
  select: { minWidth: '180px' },
  answer: { color: tokens.colorNeutralForeground2, overflowWrap: 'anywhere', width: '100%' },
  features: { fontFamily: tokens.fontFamilyMonospace, overflowWrap: 'anywhere', width: '100%' },
});

function Answer({ host }: { host: HostTypeFit }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const words = () => {
    if (host.fits) return t('processor.fits', { host: host.type });
    if (host.missing.length === 0) return t('processor.otherMaker', { host: host.type, maker: host.maker });
    return t('processor.lacks', { host: host.type, missing: host.missing.join(', ') });
  };
  return (
    <Caption1 role="status" className={styles.answer}>
      {words()}
    </Caption1>
  );
}

export function ProcessorRow({ machine }: { machine: Machine }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const [type, setType] = useState('');
  const [showFeatures, setShowFeatures] = useState(false);
  const report = useQuery({
    queryKey: ['machine processor', machine.name, machine.revision, machine.state.status],
    queryFn: () => getProcessor(machine.name),
    retry: false,
  });
  if (report.isError) return <ProblemMessage error={report.error} onRetry={() => void report.refetch()} />;
  const now = report.data;
  const fitting = now?.hosts.filter((host) => host.fits).length ?? 0;
  const chosen = now?.hosts.find((host) => host.type === type);
  const sentence = () => {
    if (!now) return t('processor.asking');
    if (now.emulated) return t('processor.emulated', { model: now.model });
    return t(now.running ? 'processor.running' : 'processor.next', {
      model: now.model,
      fitting,
      count: now.hosts.length,
    });
  };
  return (
    <SettingRow
      title={t('processor.title')}
      sentence={sentence()}
      below={
        now && (
          <>
            {chosen && <Answer host={chosen} />}
            {showFeatures && <Caption1 className={styles.features}>{now.features.join(' ')}</Caption1>}
          </>
        )
      }
    >
      {now && !now.emulated && (
        <Dropdown
          className={styles.select}
          aria-label={t('processor.host')}
          placeholder={t('processor.choose')}
          value={type}
          selectedOptions={[type]}
          onOptionSelect={(_, data) => setType(data.optionValue ?? '')}
        >
          {now.hosts.map((host) => (
            <Option key={host.type} value={host.type} text={host.type}>
              {`${host.fits ? '✓' : '✗'} ${host.type}`}
            </Option>
          ))}
        </Dropdown>
      )}
      {now && (
        <Button aria-expanded={showFeatures} onClick={() => setShowFeatures(!showFeatures)}>
          {t('processor.features', { count: now.features.length })}
        </Button>
      )}
    </SettingRow>
  );
}
