// Theme, language, who is logged in, and which page belongs to which address.
import { FluentProvider, Toaster } from '@fluentui/react-components';
import { QueryClientProvider } from '@tanstack/react-query';
import { Suspense, lazy, useEffect } from 'react';
import { RouterProvider, createBrowserRouter } from 'react-router-dom';

import { queryClient } from './api/inventory';
import { Frame } from './components/frame/Frame';
import { NotFound, PageFault } from './components/frame/PageFault';
import { toasterId } from './components/notify';
import { useMedia } from './lib/hooks';
import { currentLanguage, i18next } from './lib/i18n';
import { usePreferences } from './lib/preferences';
import { isDark, themeOf } from './lib/theme';
import { LoginPage } from './pages/login/LoginPage';
import { OverviewPage } from './pages/overview/OverviewPage';

const MachinesPage = lazy(() => import('./pages/machines/MachinesPage'));
const MachinePage = lazy(() => import('./pages/machine/MachinePage'));
const ImagesPage = lazy(() => import('./pages/images/ImagesPage'));
const HostPage = lazy(() => import('./pages/host/HostPage'));
const TasksPage = lazy(() => import('./pages/tasks/TasksPage'));
const PreferencesPage = lazy(() => import('./pages/preferences/PreferencesPage'));

const router = createBrowserRouter([
  { path: '/login', element: <LoginPage />, errorElement: <PageFault /> },
  {
    path: '/',
    element: <Frame />,
    errorElement: <PageFault />,
    children: [
      { index: true, element: <OverviewPage /> },
      { path: 'create', element: <OverviewPage /> },
      { path: 'machines', element: <MachinesPage /> },
      { path: 'machines/:name/:tab?/:category?', element: <MachinePage /> },
      { path: 'images', element: <ImagesPage /> },
      { path: 'host/:tab?', element: <HostPage /> },
      { path: 'tasks', element: <TasksPage /> },
      { path: 'settings', element: <PreferencesPage /> },
      { path: '*', element: <NotFound /> },
    ],
  },
]);

export function App() {
  const { theme, language } = usePreferences();
  const systemIsDark = useMedia('(prefers-color-scheme: dark)');
  const dark = isDark(theme, systemIsDark);

  useEffect(() => {
    const next = currentLanguage();
    document.documentElement.lang = next;
    if (i18next.language !== next) void i18next.changeLanguage(next);
  }, [language]);

  useEffect(() => {
    document.documentElement.style.colorScheme = dark ? 'dark' : 'light';
    document.documentElement.dataset.theme = dark ? 'dark' : 'light';
  }, [dark]);

  return (
    <FluentProvider theme={themeOf(dark)}>
      <QueryClientProvider client={queryClient}>
        <Suspense>
          <RouterProvider router={router} />
        </Suspense>
        <Toaster toasterId={toasterId} position="bottom-end" limit={4} />
      </QueryClientProvider>
    </FluentProvider>
  );
}
