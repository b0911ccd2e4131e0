// SPDX-License-Identifier: MIT

//! Things that are done once: the twin of bench/once_bench.c, which says what the row does.
//! tokio's own cell, whose initialisation may wait, as weft's may.

use bench::{outcome, row, Outcome};
use std::hint::black_box;
use std::time::Instant;
use tokio::sync::OnceCell;

static READY: OnceCell<u64> = OnceCell::const_new();

async fn run_once(count: u64) -> Outcome {
    let mut sum = 0;
    let start = Instant::now();
    for _ in 0..count {
        // The box keeps the compiler from asking only once.
        sum += black_box(&READY).get_or_init(|| async { 7 }).await;
    }
    outcome(count, start.elapsed(), sum)
}

fn main() {
    bench::main(vec![row("once", run_once)]);
}
