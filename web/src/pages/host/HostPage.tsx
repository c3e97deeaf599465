// The computer that carries the machines: what it is, and what works on it.
import { Button } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';
import { useParams } from 'react-router-dom';

import { useHost } from '../../api/inventory';
import { useOpenDialog } from '../../components/dialogs/address';
import { NotFound } from '../../components/frame/PageFault';
import { LinkTabs } from '../../components/LinkTabs';
import { PowerRegular } from '../../components/icons';
import { Page } from '../../components/Page';
import { ChecksTab } from './ChecksTab';
import { HostFacts } from './HostFacts';

export default function HostPage() {
  const { t } = useTranslation();
  const { tab = 'overview' } = useParams();
  const openDialog = useOpenDialog();
  const host = useHost();
  if (tab !== 'overview' && tab !== 'checks') return <NotFound />;
  if (!host) return null;
  return (
    <Page
      title={host.hostname}
      sentence={`${host.os} · ${host.kernel}`}
      narrow
      actions={
        <Button icon={<PowerRegular />} onClick={() => openDialog('hostStop')}>
          {t('hostStop.open')}
        </Button>
      }
    >
      <LinkTabs
        label={t('page.host')}
        current={tab}
        tabs={[
          { name: 'overview', label: t('host.tab.overview'), to: '/host' },
          { name: 'checks', label: t('host.tab.checks'), to: '/host/checks' },
        ]}
      />
      {tab === 'checks' ? <ChecksTab /> : <HostFacts host={host} />}
    </Page>
  );
}
