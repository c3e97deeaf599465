// What will be made, in one glance, and whether it starts at once.
import { Switch, makeStyles, mergeClasses, tokens, typographyStyles } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

import type { Image } from '../../api/types';
import { OsMark } from '../../components/OsMark';
import { useCommonStyles } from '../../components/styles';
import { sizeOf, type CreateForm } from '../../lib/create';
import { formatBytes } from '../../lib/format';
import { numberedNames } from '../../lib/machines';

const useStyles = makeStyles({
  card: {
    alignSelf: 'start',
    position: 'sticky',
    top: 0,
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalM,
    padding: tokens.spacingHorizontalL,
    backgroundColor: tokens.colorNeutralBackground2,
    '@media (max-width: 799px)': { position: 'static', alignSelf: 'auto' },
  },
  title: { ...typographyStyles.subtitle2, overflowWrap: 'anywhere' },
  facts: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalS, margin: 0 },
  start: { marginLeft: `-${tokens.spacingHorizontalS}` },
  value: { margin: 0, overflowWrap: 'anywhere' },
});

interface CreateSummaryProps {
  form: CreateForm;
  name: string;
  image: Image | undefined;
  onChange: (part: Partial<CreateForm>) => void;
}

export function CreateSummary({ form, name, image, onChange }: CreateSummaryProps) {
  const { t } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  const size = sizeOf(form);
  const names = numberedNames(name, form.quantity);
  const os = form.source === 'image' && image ? image.os : { family: form.family, id: form.os ?? '' };
  const fact = (word: string, value: ReactNode) => (
    <div>
      <dt className={common.secondary}>{word}</dt>
      <dd className={styles.value}>{value}</dd>
    </div>
  );
  const source = {
    image: image?.name ?? t('create.noImage'),
    iso: form.iso || t('create.noIso'),
    empty: t('create.from.empty'),
  }[form.source];
  return (
    <aside className={mergeClasses(common.card, styles.card)} aria-label={t('create.summary')}>
      <div className={common.row}>
        <OsMark os={os} />
        <span className={styles.title}>{names.length > 1 ? `${names[0]} … ${names.at(-1)}` : name}</span>
      </div>
      <dl className={styles.facts}>
        {fact(t('create.source'), source)}
        {fact(t('fact.processor'), t('fact.vcpus', { count: size.cpus }))}
        {fact(t('fact.memory'), formatBytes(size.memory))}
        {fact(t('fact.disk'), formatBytes(size.disk))}
        {fact(t('fact.network'), t('create.network'))}
        {form.source === 'image' && image?.cloudInit && fact(t('create.user'), form.user || '–')}
      </dl>
      <Switch
        className={styles.start}
        label={t('create.start')}
        checked={form.start}
        onChange={(_, data) => onChange({ start: data.checked })}
      />
    </aside>
  );
}
