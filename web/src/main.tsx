import { createRoot } from 'react-dom/client';

import './lib/i18n';
import './styles/global.css';
import { App } from './App';

const root = document.getElementById('root');
if (root) createRoot(root).render(<App />);
