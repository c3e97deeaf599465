// A login link works once, so its code is sent once, however often React draws this page.
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate, useSearchParams } from 'react-router-dom';

import { logIn } from '../../api/calls';
import { signedIn } from '../../components/frame/session';
import { PageSkeleton } from '../../components/PageSkeleton';
import { useTitle } from '../../components/Page';
import { SignIn } from './SignIn';

const logins = new Map<string, Promise<unknown>>();

function logInOnce(code: string): Promise<unknown> {
  const known = logins.get(code) ?? logIn(code);
  logins.set(code, known);
  return known;
}

export function LoginPage() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const code = useSearchParams()[0].get('code');
  const [failure, setFailure] = useState<unknown>();
  useTitle(t('login.title'));

  useEffect(() => {
    if (!code) return undefined;
    let left = false;
    logInOnce(code).then(
      () => {
        if (left) return;
        signedIn();
        navigate('/', { replace: true });
      },
      (error: unknown) => !left && setFailure(error),
    );
    return () => {
      left = true;
    };
  }, [code, navigate]);

  if (code && failure === undefined) return <PageSkeleton path="/" />;
  return <SignIn failure={failure} onSignedIn={() => navigate('/', { replace: true })} />;
}
