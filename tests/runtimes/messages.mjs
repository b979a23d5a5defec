// Parameters that are sent to another thread, trained on there, and sent back. The library is an argument: threads import
// it in ways of their own.

/** A small model, and a training that goes on from parameters or begins. */
function trainingOf({ adam, fit, imageVae, key, random }) {
  const model = imageVae({ inputShape: [16, 16, 1], latentSize: 2, channels: [4], features: 8 });
  const images = random.uniform(key(1), [16, 16, 16, 1]);
  const train = async (params) => {
    const options = { key: key(2), batchSize: 8, steps: 4, optimizer: adam() };
    return (await fit(model, images, params === undefined ? options : { ...options, params })).params;
  };
  return { model, images, train };
}

/** What the other thread does with a message of {@link ask}: trains on, and gives parameters as they are and plain. */
export async function answer(library, { asIs, plain }) {
  const { configure, fromPlain, saveModel, toPlain } = library;
  configure({ relaxedSimd: false });
  const { model, train } = trainingOf(library);
  const received = [asIs, plain].map((tree) => fromPlain(tree));
  const [first, second] = received.map((params) => saveModel(model, params));
  if (first.join() !== second.join()) throw new Error("parameters and plain parameters must arrive the same");
  const params = await train(received[0]);
  return { asIs: params, plain: toPlain(params) };
}

/**
 * Trains, sends the parameters, and compares what comes back with what this thread makes of them.
 *
 * @param exchange - sends a message to a thread that replies with what {@link answer} makes of it
 * @returns how many numbers came back the same
 */
export async function ask(library, exchange) {
  const { configure, equals, flattenTree, fromPlain, ops, scope, tensor, toPlain } = library;
  configure({ relaxedSimd: false });
  const { train } = trainingOf(library);
  const params = await train();
  const { asIs, plain, failed } = await exchange({ asIs: params, plain: toPlain(params) });
  if (failed !== undefined) throw new Error(failed);
  const wanted = Object.entries(flattenTree(await train(params)));
  for (const tree of [asIs, plain].map((tree) => flattenTree(fromPlain(tree)))) {
    for (const [name, tensor] of wanted) {
      if (!equals(tensor, tree[name])) throw new Error(`${name} came back otherwise`);
    }
  }
  // Of a tensor in a scope the values lie on the heap, which stays here.
  const clone = scope(() => structuredClone(ops.add(tensor([1, 2]), 1)));
  let message = "";
  try {
    fromPlain(clone);
  } catch (error) {
    message = error.message;
  }
  if (!message.includes("inside a scope send toPlain(tree)"))
    throw new Error(`a clone in a scope: ${message}`);
  const inScope = scope(() => structuredClone(toPlain(ops.add(tensor([1, 2]), 1))));
  if (fromPlain(inScope).data.join() !== "2,3") throw new Error("plain data of a scope");
  return `${wanted.reduce((sum, [, { data }]) => sum + data.length, 0)} numbers`;
}
