// Residences: groups of storages that stay on the heap whatever frames open and close, as a trainer's parameters do
// between its steps. When memory is short, those that no open frame uses move out to ordinary arrays.

import { type Block, give, onShortage } from "./heap.js";

/**
 * What stands for a residence among those that can be asked to move. A weak reference holds its target until the job
 * ends: in a loop without end nothing that it leads to would become garbage. So the seat is what it refers to, and
 * lets go of the residence when that moves out.
 */
interface Seat {
  residence: Residence | undefined;
}

/** What finds a seat: weakly where the engine can, so that residences nobody can reach are collected. */
interface Reference {
  deref(): Seat | undefined;
}

const isWeak = typeof WeakRef === "function" && typeof FinalizationRegistry === "function";
const referTo = (seat: Seat): Reference => (isWeak ? new WeakRef(seat) : { deref: () => seat });

/** What a residence has on the heap; it does not lead to the residence. */
interface Belongings {
  readonly blocks: Set<Block>;
  reference: Reference | undefined;
}

/** Who can be asked to move, the one that was longest unused first. */
const seats = new Map<Reference, Belongings>();

/** Gives back what residences had that nobody can reach any more; without it they move out when memory is short. */
const unreachable = isWeak ? new FinalizationRegistry<Belongings>(giveBack) : undefined;

function giveBack({ blocks, reference }: Belongings): void {
  for (const block of blocks) give(block);
  blocks.clear();
  if (reference !== undefined) seats.delete(reference);
}

/** What lives in a residence: a storage, whose only values are either an array or a block of the heap. */
export interface Resident {
  array: Float32Array | undefined;
  readonly block: Block | undefined;
  /** The values, safe to keep. */
  readonly lasting: Float32Array;
  /** Gives the block back. */
  vacate(): void;
}

/** A group of residents that move together. */
export class Residence {
  readonly residents = new Set<Resident>();
  /** The frame for which they must stay where they are. */
  claimedBy: object | undefined;
  readonly belongings: Belongings = { blocks: new Set(), reference: undefined };
  private seat: Seat | undefined;

  constructor() {
    unreachable?.register(this, this.belongings);
  }

  /** Puts the residence behind all others that can be asked to move. */
  sitDown(): void {
    const { belongings } = this;
    const present = this.seat === undefined ? undefined : belongings.reference;
    this.seat ??= { residence: this };
    belongings.reference = present ?? referTo(this.seat);
    seats.delete(belongings.reference);
    seats.set(belongings.reference, belongings);
  }

  /** Takes it from among them: nothing here leads to it any more. */
  standUp(): void {
    const { belongings } = this;
    if (belongings.reference !== undefined) seats.delete(belongings.reference);
    if (this.seat !== undefined) this.seat.residence = undefined;
    this.seat = belongings.reference = undefined;
  }
}

function moveOut(residence: Residence): void {
  const { residents, belongings } = residence;
  for (const resident of residents) {
    if (resident.array !== undefined) continue;
    resident.array = resident.lasting;
    belongings.blocks.delete(resident.block as Block);
    resident.vacate();
  }
  residence.standUp();
}

/** Moves out the residence that was longest unused; false where none is left that may. */
onShortage(() => {
  for (const [reference, belongings] of seats) {
    const seat = reference.deref();
    const residence = seat?.residence;
    if (residence === undefined) {
      // Garbage whose blocks wait for the end of the job to be given back.
      const hadAny = belongings.blocks.size > 0;
      giveBack(belongings);
      if (hadAny) return true;
    } else if (residence.claimedBy === undefined) {
      try {
        moveOut(residence);
        return true;
      } catch {
        // Ordinary memory is short too.
        return false;
      }
    }
  }
  return false;
});
