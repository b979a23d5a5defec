// Refusals of the library's readers, in the words of the command line.

/** What the library says of its options, as this command calls them. */
const OWN_WORDS: readonly (readonly [library: string, command: string])[] = [
  ["the option maxBytes", "the option --max-bytes"],
  ['the option broken: "skip"', "the option --skip"],
  ["the option header: true", "the option --header yes"],
  ["the option separator: ", "the option --separator "],
  ["the option size", "the option --size"],
];

export const ownWords = (text: string): string =>
  OWN_WORDS.reduce((told, [library, command]) => told.replace(library, command), text);

/** What a reader of the library does, and its refusals in these words. */
export async function inOwnWords<Result>(read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Error) error.message = ownWords(error.message);
    throw error;
  }
}
