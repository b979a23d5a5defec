// Law of types: every option of every public function may be undefined, as it may at run time. The type checker tests it.

import type * as coding from "../src/coding/index.js";
import type * as images from "../src/images/index.js";
import type * as data from "../src/data/index.js";
import type * as latent from "../src/latent/index.js";
import type * as library from "../src/index.js";
import type * as report from "../src/report/index.js";

/** Names of the optional properties of T that may be left out but not be undefined. */
type Strict<T> = {
  [K in keyof T]-?: Record<never, never> extends Pick<T, K>
    ? { [P in K]: undefined } extends Pick<T, K>
      ? never
      : K
    : never;
}[keyof T];

/** The last parameter of a function, where it is an object of options. */
type OptionsOf<F> = F extends (...parameters: infer P) => unknown
  ? Required<P> extends [...unknown[], infer Last]
    ? Last extends (...p: never[]) => unknown
      ? never
      : Last extends
            | { readonly shape: unknown }
            | { readonly length: number }
            | { readonly apply: unknown }
            | { readonly update: unknown }
        ? never
        : string extends keyof Last
          ? never
          : unknown extends Last
            ? never
            : Last extends object
              ? Last
              : never
    : never
  : never;

type StrictIn<M> = {
  [Name in keyof M]: Strict<OptionsOf<M[Name]>> extends infer Found
    ? [Found] extends [never]
      ? never
      : [Name, Found]
    : never;
}[keyof M];

type AllStrict =
  | StrictIn<typeof library>
  | StrictIn<typeof images>
  | StrictIn<typeof report>
  | StrictIn<typeof data>
  | StrictIn<typeof latent>
  | StrictIn<typeof coding>
  | StrictIn<typeof library.ops>
  | StrictIn<typeof library.random>
  | StrictIn<typeof library.schedules>
  | StrictIn<typeof library.lectures>
  | StrictIn<library.Vae>
  | StrictIn<library.VqVae>
  | StrictIn<library.Autoencoder>;

/** Does not compile while an option is left; the message names it. */
export const none: [Exclude<AllStrict, undefined>] extends [never] ? true : AllStrict = true;
