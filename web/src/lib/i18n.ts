import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';

import en from '../i18n/en.json';
import zh from '../i18n/zh.json';
import { languageOf, preferences } from './preferences';

export const currentLanguage = () => languageOf(preferences().language, navigator.languages);

void i18next.use(initReactI18next).init({
  resources: { en: { translation: en }, zh: { translation: zh } },
  lng: currentLanguage(),
  fallbackLng: 'en',
  interpolation: { escapeValue: false },
  showSupportNotice: false,
});

export { i18next };
