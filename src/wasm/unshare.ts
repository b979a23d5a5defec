// Lets the binaries run on platforms without shared memory. Instantiates nothing.

const HEADER_BYTES = 8;
const IMPORT_SECTION = 2;
const MEMORY_IMPORT = 2;
const SHARED_FLAG = 2;

/**
 * A copy of a kernel binary that imports an ordinary memory instead of a shared one.
 *
 * The two memory types differ by one bit of the import's limits, and no kernel uses an atomic
 * instruction, so clearing the bit leaves a valid module with the same code: no third binary is needed.
 * The memory must still declare a maximum, at most that of the import.
 *
 * @param binary - a module whose first import is its memory
 * @returns the copy
 * @throws {TypeError} when the first import is not a memory
 * @see https://webassembly.github.io/spec/core/binary/modules.html#import-section
 */
export function unshare(binary: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(binary);
  let position = HEADER_BYTES;

  const readNumber = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = copy[position++];
      value |= (byte & 0x7f) << shift;
      if ((byte & 0x80) === 0) return value;
    }
  };
  const skipBytes = (): void => {
    const count = readNumber();
    position += count;
  };

  while (position < copy.length && copy[position++] !== IMPORT_SECTION) skipBytes();
  readNumber(); // bytes of the section
  readNumber(); // number of imports
  skipBytes(); // module name
  skipBytes(); // field name
  if (copy[position++] !== MEMORY_IMPORT) {
    throw new TypeError("unshare: binary must import its memory first, got another import or none");
  }
  copy[position] &= ~SHARED_FLAG;
  return copy;
}
