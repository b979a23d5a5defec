// Platform globals that are missing somewhere (worklets, jsdom, browsers): to the type checker they always may be.

declare const performance: { now(): number } | undefined;

declare const setTimeout: ((f: () => void, milliseconds: number) => unknown) | undefined;

declare const setImmediate: ((f: () => void) => unknown) | undefined;

declare const MessageChannel: (new () => unknown) | undefined;

declare const TextEncoder: (new () => { encode(text: string): Uint8Array }) | undefined;

declare const TextDecoder:
  | (new (
      encoding: "utf-8",
      options: { fatal: boolean; ignoreBOM: boolean },
    ) => { decode(bytes: Uint8Array): string })
  | undefined;
