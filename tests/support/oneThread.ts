// Test files run beside each other: each computes on one thread, but for the tests of threads.

import { configure } from "../../src/wasm/configure.js";

configure({ threads: 1 });
