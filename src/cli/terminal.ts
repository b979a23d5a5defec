// What the command line says, and where: results to standard output, everything else to standard error.

/** A line of the result. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** A line about the work: progress, warnings, mistakes. */
export function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
