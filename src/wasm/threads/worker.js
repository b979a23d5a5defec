// A worker of a team: takes grains of the jobs that the main thread opens, until the team ends. It stands alone,
// because its text is inlined; as a file it is reparam/worker.js, for pages that forbid workers made from text.

{
  const help = ({ module, memory, control, words, kernels, job, scratch, patience }) => {
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    const entries = Object.values(exports).slice(0, kernels);
    const block = new Int32Array(control);

    /** Waits until the phase is another one: polls for a while, then sleeps until it is woken. */
    const waitFor = (phase) => {
      const end = performance.now() + patience;
      for (let polls = 1; Atomics.load(block, words.phase) === phase; polls++) {
        if (polls % 1024 !== 0 || performance.now() < end) continue;
        Atomics.add(block, words.parked, 1);
        Atomics.wait(block, words.phase, phase);
        Atomics.sub(block, words.parked, 1);
      }
    };

    const takeGrains = () => {
      const kernel = block[words.kernel];
      const count = block[words.count];
      const grain = block[words.grain];
      try {
        for (;;) {
          const first = Atomics.add(block, words.next, 1) * grain;
          if (first >= count) return;
          entries[kernel](job, first, Math.min(grain, count - first), scratch);
        }
      } catch {
        // Only the main thread can tell the user, and it tells which kernel it was.
        Atomics.store(block, words.failed, 1);
      }
    };

    Atomics.add(block, words.ready, 1);
    // Odd phases are open jobs, even ones pauses, a negative one is the end.
    for (let phase = 0; phase >= 0; phase = Atomics.load(block, words.phase)) {
      if (phase % 2 === 1) {
        Atomics.add(block, words.inside, 1);
        // Whoever has entered while the job was open is waited for; whoever came too late touches nothing.
        if (Atomics.load(block, words.phase) === phase) takeGrains();
        const left = Atomics.sub(block, words.inside, 1) - 1;
        if (left === 0 && Atomics.load(block, words.waiting) === 1) Atomics.notify(block, words.inside);
      }
      waitFor(phase);
    }
    globalThis.close?.();
  };

  const node = globalThis.process?.getBuiltinModule?.("node:worker_threads");
  if (node?.workerData?.reparam) help(node.workerData);
  else globalThis.addEventListener("message", ({ data }) => help(data), { once: true });
}
