// The few platform globals that the library uses, declared here because TypeScript has them only in its
// browser library, which would also let every other browser global through.

declare class DecompressionStream {
  constructor(format: "gzip");
  readonly writable: {
    getWriter(): { write(bytes: Uint8Array): Promise<void>; close(): Promise<void> };
  };
  readonly readable: {
    getReader(): { read(): Promise<{ value?: Uint8Array }>; cancel(): Promise<void> };
  };
}

declare namespace WebAssembly {
  interface MemoryDescriptor {
    initial: number;
    maximum?: number;
    shared?: boolean;
  }

  class Memory {
    constructor(descriptor: MemoryDescriptor);
    readonly buffer: ArrayBuffer | SharedArrayBuffer;
    grow(pages: number): number;
  }

  class Module {
    constructor(bytes: Uint8Array);
    static customSections(module: Module, name: string): ArrayBuffer[];
    static exports(module: Module): { readonly name: string }[];
  }

  class Instance {
    constructor(module: Module, imports?: { env: { memory: Memory } });
    readonly exports: unknown;
  }

  function validate(bytes: Uint8Array): boolean;
}
