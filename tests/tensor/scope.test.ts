// Laws of scopes: what survives one, what ends with it, and that nothing is left behind.

import * as fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { defineOp, ops, runtimeInfo, scope, type Tensor, tensor, zeros } from "../../src/index.js";
import { toNdarray } from "../../src/ndarray/index.js";
import { type Library, loadLibrary } from "../support/library.js";
import { expectNothingHeld, expectRefused } from "../support/refusals.js";

const used = () => runtimeInfo().memory.used;
const CURE = /ended and its memory is released; return the tensor from the scope \(or copy it/;

afterEach(expectNothingHeld);

describe("scope", () => {
  it("returns what its function returns", () => {
    expect(scope(() => 3)).toBe(3);
    expect(scope(() => undefined)).toBeUndefined();
    expect(scope(() => null)).toBeNull();
    const list = [1, "two"];
    expect(scope(() => list)).toBe(list);
  });

  it("keeps every tensor of the returned tree", () => {
    const result = scope(() => {
      const x = ops.scale(tensor([1, 2, 3]), 2);
      return { x, deep: [{ y: ops.square(x) }, [ops.sum(x)]], note: "kept", missing: undefined } as const;
    });
    expect([...result.x.data]).toEqual([2, 4, 6]);
    expect([...result.deep[0].y.data]).toEqual([4, 16, 36]);
    expect([...result.deep[1][0].data]).toEqual([12]);
    expect(result.note).toBe("kept");
  });

  it("keeps views that share their values", () => {
    const { whole, row, column } = scope(() => {
      const whole = ops.scale(tensor([1, 2, 3, 4, 5, 6], [3, 2]), 1);
      return { whole, row: ops.slice(whole, 1, 2), column: ops.reshape(whole, [6, 1]) };
    });
    expect([...whole.data]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...row.data]).toEqual([3, 4]);
    expect(column.data.buffer).toBe(row.data.buffer);
  });

  it("keeps a view whose whole is not returned", () => {
    const row = scope(() => ops.slice(ops.scale(tensor([1, 2, 3]), 2), 2));
    expect([...row.data]).toEqual([6]);
  });

  it("keeps a tensor that is returned twice", () => {
    const [a, b] = scope(() => {
      const x = ops.scale(tensor([1]), 2);
      return [x, x];
    }) as [Tensor, Tensor];
    expect(a).toBe(b);
    expect([...a.data]).toEqual([2]);
  });

  it("leaves tensors made outside or from numbers alone", () => {
    const outside = tensor([1, 2]);
    let inside = outside;
    scope(() => {
      inside = tensor([3]);
      ops.relu(outside);
      ops.relu(inside);
    });
    expect([...outside.data, ...inside.data]).toEqual([1, 2, 3]);
  });

  it("ends all other tensors: they throw, naming the cure", () => {
    let lost = zeros([1]);
    let view = lost;
    scope(() => {
      lost = ops.relu(tensor([1]));
      view = ops.reshape(lost, [1, 1]);
    });
    for (const t of [lost, view]) {
      expect(() => t.data).toThrow(CURE);
      expect(() => ops.relu(t)).toThrow(CURE);
      expect(() => ops.reshape(t, [1, 1, 1]).data).toThrow(CURE);
      expect(() => toNdarray(t)).toThrow(CURE);
      expect(String(t)).toMatch(/released: its scope has ended/);
    }
  });

  it("releases everything when its function throws", () => {
    const failure = new Error("mine");
    let lost = zeros([1]);
    expect(() =>
      scope(() => {
        lost = ops.relu(tensor([1]));
        throw failure;
      }),
    ).toThrow(failure);
    expect(() => lost.data).toThrow(CURE);
    expect(used()).toBe(0);
  });

  it("releases everything when an operation inside refuses its input", () => {
    expect(() => scope(() => ops.matmul(ops.relu(zeros([2, 3])), zeros([2, 3])))).toThrow(RangeError);
    expect(used()).toBe(0);
    expect([...ops.relu(tensor([-1, 1])).data]).toEqual([0, 1]);
  });

  it("gives the same result as no scope", () => {
    const shape = [5, 7];
    fc.assert(
      fc.property(
        fc.array(fc.float({ min: -3, max: 3, noNaN: true }), { minLength: 35, maxLength: 35 }),
        (x) => {
          const compute = () => {
            const a = ops.sigmoid(tensor(x, shape));
            const b = ops.matmul(a, a, { transposeB: true, activation: "tanh" });
            return ops.softmax(ops.add(ops.mean(b, { axis: 0 }), ops.sum(a)));
          };
          expect(scope(compute).data).toEqual(compute().data);
          expect(used()).toBe(0);
        },
      ),
      { numRuns: 50 },
    );
  });

  it("uses the same memory however long it runs in a loop", () => {
    const step = () => scope(() => ops.mean(ops.square(ops.relu(zeros([1000])))));
    step();
    const { reserved } = runtimeInfo().memory;
    for (let i = 0; i < 1000; i++) step();
    expect(runtimeInfo().memory.reserved).toBe(reserved);
  });

  it("refuses what is not a function", () => {
    expectRefused(() => scope(3 as never), TypeError, "scope: f");
    expectRefused(() => scope(undefined as never), TypeError, "scope: f");
  });

  it("refuses asynchronous functions before they run", () => {
    let hasRun = false;
    expectRefused(
      () =>
        scope(async () => {
          hasRun = true;
        }),
      TypeError,
      "scope: f must be synchronous",
    );
    expect(hasRun).toBe(false);
  });

  it("refuses a promise as result and releases what was computed", () => {
    let lost = zeros([1]);
    const promising = () => {
      lost = ops.relu(tensor([1]));
      return Promise.resolve(lost);
    };
    expectRefused(() => scope(promising), TypeError, "scope: f must be synchronous");
    expect(() => lost.data).toThrow(CURE);
  });
});

describe("a scope in a scope", () => {
  it("hands its result to the scope around it", () => {
    const result = scope(() => {
      const inner = scope(() => ops.scale(tensor([1, 2]), 3));
      const bytes = used();
      expect(bytes).toBeGreaterThan(0);
      return ops.add(inner, ops.square(inner));
    });
    expect([...result.data]).toEqual([12, 42]);
  });

  it("ends its own tensors only", () => {
    scope(() => {
      const outer = ops.relu(tensor([1]));
      let lost = outer;
      scope(() => {
        lost = ops.add(outer, 1);
      });
      expect(() => lost.data).toThrow(CURE);
      expect([...outer.data]).toEqual([1]);
    });
  });

  it("that throws leaves the scope around it intact", () => {
    const result = scope(() => {
      const outer = ops.relu(tensor([1, 2]));
      const before = used();
      expect(() =>
        scope(() => {
          ops.square(outer);
          throw new Error("inner");
        }),
      ).toThrow("inner");
      expect(used()).toBe(before);
      return ops.add(outer, 1);
    });
    expect([...result.data]).toEqual([2, 3]);
  });

  it("may return tensors of the scopes around it", () => {
    const result = scope(() => {
      const outer = ops.scale(tensor([4]), 2);
      const [same, own] = scope(() => [outer, ops.sqrt(tensor([4]))]) as [Tensor, Tensor];
      expect(same).toBe(outer);
      return scope(() => scope(() => ops.mul(same, own)));
    });
    expect([...result.data]).toEqual([16]);
  });

  it("ends with the scope around it if that does not return its result", () => {
    let lost = zeros([1]);
    scope(() => {
      lost = scope(() => ops.relu(tensor([1])));
      expect([...lost.data]).toEqual([1]);
    });
    expect(() => lost.data).toThrow(CURE);
  });

  it("may use an outside tensor that it was the first to copy in", () => {
    const x = tensor([1, 2, 3]);
    const result = scope(() => {
      const inner = scope(() => ops.square(x));
      return ops.add(inner, x);
    });
    expect([...result.data]).toEqual([2, 6, 12]);
  });
});

describe("an operation of the user's outside a scope", () => {
  it("leaves nothing but its result", () => {
    let lost = zeros([1]);
    const cube = defineOp<readonly [Tensor], undefined>({
      name: "cube",
      forward: ([x]) => {
        lost = ops.square(x);
        return ops.mul(lost, x);
      },
      gradients: [null],
    });
    expect([...cube([tensor([2])], undefined).data]).toEqual([8]);
    expect(() => lost.data).toThrow(CURE);
  });
});

describe.each(["shared", "ordinary"] as const)("growth of %s memory", (memory) => {
  const count = 300_000;

  function grow({ ops, runtimeInfo, tensor }: Library): void {
    const before = runtimeInfo().memory.reserved;
    const large = new Float32Array(count).fill(1);
    while (runtimeInfo().memory.reserved === before) ops.scale(tensor(large), 2);
  }

  it("leaves live tensors, their values and views right", async () => {
    const library = await loadLibrary(memory);
    const { ops, runtimeInfo, scope, tensor } = library;
    expect(runtimeInfo().sharedMemory).toBe(memory === "shared");
    const outside = tensor([5, 6]);
    const kept = scope(() => {
      const x = ops.scale(tensor([1, 2, 3]), 2);
      const sum = ops.add(outside, 1);
      expect([...x.data]).toEqual([2, 4, 6]);
      grow(library);
      expect([...x.data]).toEqual([2, 4, 6]);
      expect([...ops.slice(x, 1).data]).toEqual([4, 6]);
      expect([...ops.add(sum, outside).data]).toEqual([11, 13]);
      grow(library);
      return ops.square(x);
    });
    expect([...kept.data]).toEqual([4, 16, 36]);
    expect(runtimeInfo().memory.used).toBe(0);
  });

  it("happens during an operation whose inputs are on the heap", async () => {
    const { ops, runtimeInfo, scope, tensor } = await loadLibrary(memory);
    const x = tensor(Float32Array.from({ length: count }, (_, i) => i % 7));
    const total = scope(() => {
      let sum = x;
      const before = runtimeInfo().memory.reserved;
      for (let i = 0; i < 8; i++) sum = ops.add(sum, x);
      expect(runtimeInfo().memory.reserved).toBeGreaterThan(before);
      return sum;
    });
    expect(total.data.every((value, i) => value === 9 * (i % 7))).toBe(true);
    expect(runtimeInfo().memory.used).toBe(0);
  });
});
