// The shape of every question: title, text, a way out, and the act itself.
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
import { useState, type FormEvent, type ReactElement, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

import { ProblemMessage } from '../ProblemMessage';
import { useCloseDialog } from './address';

const useStyles = makeStyles({
  content: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalM,
    paddingBottom: tokens.spacingVerticalM,
  },
  danger: {
    backgroundColor: tokens.colorStatusDangerBackground3,
    color: tokens.colorNeutralForegroundOnBrand,
    ':hover': {
      backgroundColor: tokens.colorStatusDangerBackground3Hover,
      color: tokens.colorNeutralForegroundOnBrand,
    },
    ':hover:active': {
      backgroundColor: tokens.colorStatusDangerBackground3Pressed,
      color: tokens.colorNeutralForegroundOnBrand,
    },
  },
});

interface AskDialogProps {
  title: string;
  act: string;
  icon?: ReactElement;
  danger?: boolean;
  ready?: boolean;
  /** Answers whether the dialog is done and may close; what it throws is shown in the dialog. */
  onAct: () => Promise<boolean>;
  children: ReactNode;
}

export function AskDialog({ title, act, icon, danger, ready = true, onAct, children }: AskDialogProps) {
  const { t } = useTranslation();
  const styles = useStyles();
  const close = useCloseDialog();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      if (await onAct()) close();
    } catch (cause) {
      setError(cause);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog open onOpenChange={(_, data) => !data.open && close()}>
      <DialogSurface>
        <form onSubmit={(event) => void submit(event)}>
          <DialogBody>
            <DialogTitle>{title}</DialogTitle>
            <DialogContent className={styles.content}>
              {children}
              {error !== null && <ProblemMessage error={error} />}
            </DialogContent>
            <DialogActions>
              <Button onClick={close}>{t('common.cancel')}</Button>
              <Button
                type="submit"
                appearance={danger ? 'secondary' : 'primary'}
                className={danger && ready && !busy ? styles.danger : undefined}
                icon={icon}
                disabled={!ready || busy}
              >
                {act}
              </Button>
            </DialogActions>
          </DialogBody>
        </form>
      </DialogSurface>
    </Dialog>
  );
}
