// The computer that carries the machines: what it is, and what works on it.
import { useTranslation } from 'react-i18next';
import { useParams } from 'react-router-dom';

import { useHost } from '../../api/inventory';
import { NotFound } from '../../components/frame/PageFault';
import { LinkTabs } from '../../components/LinkTabs';
import { Page } from '../../components/Page';
import { ChecksTab } from './ChecksTab';
import { HostFacts } from './HostFacts';

export default function HostPage() {
  const { t } = useTranslation();
  const { tab = 'overview' } = useParams();
  const host = useHost();
  if (tab !== 'overview' && tab !== 'checks') return <NotFound />;
  if (!host) return null;
  return (
    <Page title={host.hostname} sentence={`${host.os} · ${host.kernel}`} narrow>
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
