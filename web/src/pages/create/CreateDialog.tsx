// A new machine: everything has a good answer already, so "New machine" and "Create" are enough.
import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  makeStyles,
  tokens,
} from '@fluentui/react-components';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation, useNavigate } from 'react-router-dom';

import { checkMachine, createMachine } from '../../api/calls';
import { noteTask, useHost, useImages, useMachines } from '../../api/inventory';
import { DismissRegular } from '../../components/icons';
import { ProblemMessage } from '../../components/ProblemMessage';
import {
  emptyForm,
  formProblems,
  imageOf,
  requestOf,
  suggestedBase,
  type CreateForm,
} from '../../lib/create';
import { useSessionState } from '../../lib/hooks';
import { freeName, numberedNames } from '../../lib/machines';
import { LoginSection, NameSection } from './AccountSection';
import { CreateSummary } from './CreateSummary';
import { SizeSection } from './SizeSection';
import { SourceSection } from './SourceSection';

const useStyles = makeStyles({
  body: { '@media (min-width: 640px)': { maxHeight: 'calc(100dvh - 112px)' } },
  surface: { maxWidth: '960px', '@media (max-width: 639px)': { padding: tokens.spacingHorizontalL } },
  split: {
    display: 'grid',
    gridTemplateColumns: 'minmax(0, 1fr) 264px',
    gap: tokens.spacingHorizontalXXL,
    '@media (max-width: 799px)': { gridTemplateColumns: 'minmax(0, 1fr)' },
  },
  error: { paddingTop: tokens.spacingVerticalL },
  form: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalXL, minWidth: 0 },
});

/** A refusal must be seen, wherever the form was scrolled to. */
const intoView = (element: HTMLElement | null) => element?.scrollIntoView({ block: 'nearest' });

export default function CreateDialog() {
  const { t } = useTranslation();
  const styles = useStyles();
  const navigate = useNavigate();
  const { state } = useLocation();
  const images = useImages();
  const machines = useMachines();
  const host = useHost();
  const [form, setForm, forget] = useSessionState<CreateForm>('visor.create', emptyForm);
  const [password, setPassword] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);

  const image = imageOf(form, images);
  const taken = machines.map((machine) => machine.name);
  const name = form.name || freeName(suggestedBase(form, image), taken);
  const problems = formProblems(form, name, taken, image);
  const change = (part: Partial<CreateForm>) => setForm({ ...form, ...part });

  const close = () => {
    const opened = typeof state === 'object' && state !== null && 'opened' in state;
    if (opened) navigate(-1);
    else navigate('/', { replace: true });
  };

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const requests = numberedNames(name, form.quantity).map((one) => requestOf(form, one, image, password));
      // All are checked before the first is made: a quantity is not left half done by a wrong value.
      for (const request of requests) await checkMachine(request);
      for (const request of requests) noteTask((await createMachine(request)).task);
      forget();
      navigate(requests.length === 1 ? `/machines/${name}` : '/', { replace: true });
    } catch (cause) {
      setError(cause);
      setBusy(false);
    }
  };

  return (
    <Dialog
      open
      modalType="modal"
      onOpenChange={(_, data) => !data.open && data.type !== 'backdropClick' && close()}
    >
      <DialogSurface className={styles.surface}>
        <form onSubmit={(event) => void submit(event)}>
          <DialogBody className={styles.body}>
            <DialogTitle
              action={
                <Button
                  appearance="subtle"
                  icon={<DismissRegular />}
                  aria-label={t('common.close')}
                  onClick={close}
                />
              }
            >
              {t('create.title')}
            </DialogTitle>
            <DialogContent>
              <div className={styles.split}>
                <div className={styles.form}>
                  <SourceSection form={form} image={image} onChange={change} />
                  <NameSection form={form} name={name} problems={problems} onChange={change} />
                  <SizeSection form={form} image={image} host={host} onChange={change} />
                  {form.source === 'image' && image?.cloudInit && (
                    <LoginSection
                      form={form}
                      password={password}
                      onPassword={setPassword}
                      onChange={change}
                    />
                  )}
                </div>
                <CreateSummary form={form} name={name} image={image} onChange={change} />
              </div>
              {error !== null && (
                <div ref={intoView} className={styles.error}>
                  <ProblemMessage error={error} />
                </div>
              )}
            </DialogContent>
            <DialogActions>
              <Button onClick={close}>{t('common.cancel')}</Button>
              <Button type="submit" appearance="primary" disabled={busy || problems.length > 0}>
                {form.start
                  ? t('create.actStart', { count: form.quantity })
                  : t('create.act', { count: form.quantity })}
              </Button>
            </DialogActions>
          </DialogBody>
        </form>
      </DialogSurface>
    </Dialog>
  );
}
