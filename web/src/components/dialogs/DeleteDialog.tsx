// Deleting cannot be undone: it lists what will be removed and asks for the name.
import {
  Body1,
  Button,
  Field,
  Input,
  MessageBar,
  MessageBarActions,
  MessageBarBody,
  Skeleton,
  SkeletonItem,
  makeStyles,
  mergeClasses,
  tokens,
} from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Trans, useTranslation } from 'react-i18next';
import { useLocation, useNavigate } from 'react-router-dom';

import { deleteMachine, previewDelete } from '../../api/calls';
import { listText } from '../../lib/words';
import { DeleteRegular } from '../icons';
import { useRun } from '../notify';
import { ProblemMessage } from '../ProblemMessage';
import { useCommonStyles } from '../styles';
import { AskDialog } from './AskDialog';

const useStyles = makeStyles({
  list: {
    margin: 0,
    padding: tokens.spacingHorizontalM,
    maxHeight: '180px',
    overflowY: 'auto',
    listStyleType: 'none',
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorNeutralBackground3,
    overflowWrap: 'anywhere',
  },
});

const settingsOf = (name: string) => `/machines/${name}/settings/behaviour`;

function usePreview(names: string[]) {
  return useQuery({
    queryKey: ['delete', ...names],
    queryFn: async () => {
      const answers = await Promise.all(names.map(previewDelete));
      return {
        removes: answers.flatMap((answer) => answer.removes),
        protectedNames: names.filter((_, index) => answers[index]?.protected),
      };
    },
    gcTime: 0,
    retry: false,
  });
}

export function DeleteDialog({ names }: { names: string[] }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  const run = useRun();
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const preview = usePreview(names);
  const [typed, setTyped] = useState('');
  const wanted = names.length === 1 ? (names[0] ?? '') : t('delete.manyWord', { count: names.length });
  const isProtected = (preview.data?.protectedNames.length ?? 0) > 0;

  const act = async () => {
    const answers = await Promise.all(names.map((name) => run(() => deleteMachine(name))));
    if (!answers.every(Boolean)) return false;
    if (names.some((name) => pathname.startsWith(`/machines/${name}`))) {
      navigate('/machines', { replace: true });
      return false;
    }
    return true;
  };

  return (
    <AskDialog
      title={
        names.length === 1
          ? t('delete.title', { name: names[0] })
          : t('delete.titleMany', { count: names.length })
      }
      act={t('common.delete')}
      icon={<DeleteRegular />}
      danger
      ready={typed === wanted && !isProtected && preview.isSuccess}
      onAct={act}
    >
      {!isProtected && <Body1>{t('delete.sentence')}</Body1>}
      {preview.isPending && (
        <Skeleton aria-label={t('common.loading')}>
          <SkeletonItem size={32} />
        </Skeleton>
      )}
      {preview.isError && <ProblemMessage error={preview.error} />}
      {preview.data && !isProtected && preview.data.removes.length > 0 && (
        <ul className={mergeClasses(styles.list, common.mono)} aria-label={t('delete.removes')} tabIndex={0}>
          {preview.data.removes.map((path) => (
            <li key={path}>{path}</li>
          ))}
        </ul>
      )}
      {isProtected ? (
        <MessageBar intent="warning" layout="multiline">
          <MessageBarBody>
            {t('delete.protected', { names: listText(t, preview.data?.protectedNames ?? []) })}
          </MessageBarBody>
          <MessageBarActions>
            <Button size="small" onClick={() => navigate(settingsOf(preview.data?.protectedNames[0] ?? ''))}>
              {t('tab.settings')}
            </Button>
          </MessageBarActions>
        </MessageBar>
      ) : (
        <Field
          label={<Trans i18nKey="delete.ask" values={{ name: wanted }} components={{ b: <strong /> }} />}
        >
          <Input
            autoComplete="off"
            spellCheck={false}
            value={typed}
            onChange={(_, data) => setTyped(data.value)}
          />
        </Field>
      )}
    </AskDialog>
  );
}
