// In the place of what is bundled and never called (build.mjs).
export {};
