import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { licences } from "./licenses";

const server = process.env.VIRGA_URL ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [react(), tailwindcss(), licences()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    outDir: process.env.VIRGA_WEB_OUT ?? "dist",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0, // the page's policy takes files of its own only
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 5000,
    // A browser fetches six files at a time from us: few middle-sized ones come sooner than many small ones.
    rollupOptions: { output: { experimentalMinChunkSize: 4000 } },
  },
  server: { proxy: { "/api": { target: server, changeOrigin: true } } },
});
