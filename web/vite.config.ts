import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// `npm run dev` serves the page from source and passes the API on to a daemon (or to `npm run dev:mock`).
const daemon = process.env.VISOR_URL ?? 'http://127.0.0.1:7077';

export default defineConfig({
  base: '/',
  plugins: [react()],
  build: {
    target: 'es2022', // noVNC awaits at the top level
    assetsInlineLimit: 0, // the daemon's content security policy allows no data: fonts
    chunkSizeWarningLimit: 1500,
  },
  server: { proxy: { '/api': { target: daemon, changeOrigin: true, ws: true } } },
});
