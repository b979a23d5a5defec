// Refusals of the library's readers, in the words of the command line.

/** What the command line calls an option of the library, where that is not its name. */
const FLAGS: Readonly<Record<string, string>> = {
  maxBytes: "max-bytes",
  'broken: "skip"': "skip",
  "header: true": "header yes",
  "separator:": "separator",
};

/** A text of the library with the command line's options in it. */
export function ownWords(text: string): string {
  return text.replace(
    /the option (broken: "skip"|header: true|separator:|\w+)/g,
    (_, option: string) => `the option --${FLAGS[option] ?? option}`,
  );
}

/** What a reader of the library does, and its refusals in these words. */
export async function inOwnWords<Result>(read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Error) error.message = ownWords(error.message);
    throw error;
  }
}
