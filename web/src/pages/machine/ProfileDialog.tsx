// Lays a named set of settings over a machine, after a look at what that changes; and keeps a machine's settings as a new one.
import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  Dropdown,
  Field,
  Input,
  MessageBar,
  MessageBarBody,
  Option,
  Spinner,
  makeStyles,
  tokens,
} from '@fluentui/react-components';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { applyProfile, deleteProfile, getProfiles, previewProfile, saveProfile } from '../../api/calls';
import { noteMachine, useMachine } from '../../api/inventory';
import type { Profile } from '../../api/catalogueTypes';
import { CopyChip } from '../../components/Chip';
import { useCloseDialog } from '../../components/dialogs/address';
import { DeleteRegular } from '../../components/icons';
import { useNotify } from '../../components/notify';
import { ProblemMessage } from '../../components/ProblemMessage';
import { useCommonStyles } from '../../components/styles';
import { shellWord } from '../../lib/command';
import { isMachineName } from '../../lib/machines';
import { spoken } from '../../lib/words';
import { ProfileChanges } from './ProfileChanges';

const useStyles = makeStyles({
  content: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalL },
  choice: { display: 'flex', alignItems: 'end', gap: tokens.spacingHorizontalS },
  grow: { flexGrow: 1, minWidth: 0 },
  field: { minWidth: 0, width: '100%' },
});

interface SaveProps {
  machine: string;
  onSaved: (profile: Profile) => void;
}

function SaveSettings({ machine, onSaved }: SaveProps) {
  const { t } = useTranslation();
  const styles = useStyles();
  const notify = useNotify();
  const [name, setName] = useState('');
  const save = async () => {
    try {
      onSaved(await saveProfile(name, machine));
      notify.show('success', t('profiles.saved', { name }));
      setName('');
    } catch (error) {
      notify.problem(error);
    }
  };
  return (
    <Field
      label={t('profiles.save')}
      hint={t('profiles.saveHint')}
      validationMessage={name && !isMachineName(name) ? t('create.nameRule') : undefined}
    >
      <div className={styles.choice}>
        <Input
          className={styles.grow}
          aria-label={t('profiles.name')}
          placeholder={t('profiles.name')}
          value={name}
          onChange={(_, data) => setName(data.value)}
        />
        <Button disabled={!isMachineName(name)} onClick={() => void save()}>
          {t('profiles.saveAct')}
        </Button>
      </div>
    </Field>
  );
}

export default function ProfileDialog({ name }: { name: string }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  const close = useCloseDialog();
  const notify = useNotify();
  const queries = useQueryClient();
  const machine = useMachine(name);
  const profiles = useQuery({ queryKey: ['profiles'], queryFn: getProfiles, staleTime: 0 });
  const [chosen, setChosen] = useState('');
  const [busy, setBusy] = useState(false);
  const profile = profiles.data?.find((one) => one.name === chosen) ?? profiles.data?.[0];
  const preview = useQuery({
    queryKey: ['profile', profile?.name, name, machine?.revision],
    queryFn: () => previewProfile(profile?.name ?? '', name),
    enabled: Boolean(profile && machine),
    retry: false,
    staleTime: 0,
  });
  if (!machine) return null;
  const answer = preview.isError ? undefined : preview.data;
  const changes = (answer?.applied.length ?? 0) + (answer?.pending.length ?? 0);
  const fresh = () => queries.invalidateQueries({ queryKey: ['profiles'] });
  const apply = async (wanted: Profile) => {
    setBusy(true);
    try {
      const done = await applyProfile(wanted.name, name);
      noteMachine(done.machine);
      notify.show(
        'success',
        t('profiles.applied', { name: wanted.name }),
        done.pending.length > 0 ? t('settings.waits') : t('settings.applied'),
      );
      close();
    } catch (error) {
      notify.problem(error);
    } finally {
      setBusy(false);
    }
  };
  const remove = async (unwanted: Profile) => {
    try {
      await deleteProfile(unwanted.name);
      setChosen('');
      await fresh();
    } catch (error) {
      notify.problem(error);
    }
  };
  return (
    <Dialog open onOpenChange={(_, data) => !data.open && close()}>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{t('profiles.title', { name })}</DialogTitle>
          <DialogContent className={styles.content}>
            {profiles.error && <ProblemMessage error={profiles.error} />}
            {profile && (
              <div className={styles.choice}>
                <Field
                  label={t('profiles.choose')}
                  hint={spoken(profile.description)}
                  className={styles.grow}
                >
                  <Dropdown
                    className={styles.field}
                    value={profile.name}
                    selectedOptions={[profile.name]}
                    onOptionSelect={(_, data) => setChosen(data.optionValue ?? '')}
                  >
                    {(profiles.data ?? []).map((one) => (
                      <Option key={one.name} value={one.name}>
                        {one.name}
                      </Option>
                    ))}
                  </Dropdown>
                </Field>
                {!profile.builtIn && (
                  <Button
                    appearance="subtle"
                    icon={<DeleteRegular />}
                    aria-label={t('profiles.delete', { name: profile.name })}
                    onClick={() => void remove(profile)}
                  />
                )}
              </div>
            )}
            {preview.isFetching && !answer && <Spinner size="tiny" label={t('common.loading')} />}
            {preview.error && (
              <>
                <MessageBar intent="warning" layout="multiline">
                  <MessageBarBody>{t('profiles.impossible')}</MessageBarBody>
                </MessageBar>
                <ProblemMessage error={preview.error} />
              </>
            )}
            {answer && <ProfileChanges answer={answer} />}
            {answer && profile && changes > 0 && (
              <div>
                <CopyChip text={`visor profile apply ${shellWord(profile.name)} ${shellWord(name)}`} />
              </div>
            )}
            {answer && changes === 0 && answer.rejected.length === 0 && (
              <div className={common.secondary}>{t('profiles.nothing')}</div>
            )}
            <SaveSettings
              machine={name}
              onSaved={(saved) => {
                void fresh();
                setChosen(saved.name);
              }}
            />
          </DialogContent>
          <DialogActions>
            <Button onClick={close}>{t('common.close')}</Button>
            <Button
              appearance="primary"
              disabled={busy || !profile || changes === 0}
              onClick={() => profile && void apply(profile)}
            >
              {t('profiles.apply')}
            </Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
