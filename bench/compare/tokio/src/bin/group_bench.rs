// SPDX-License-Identifier: MIT

//! Tasks that succeed or stop together: the twin of bench/group_bench.c, which says what the row
//! does.  A JoinSet ends its members when it is dropped, so the first error ends all.

use bench::{outcome, row, Outcome};
use std::time::Instant;
use tokio::task::JoinSet;

const MEMBERS: u64 = 100;

async fn put(v: u64) -> Result<u64, i32> {
    Ok(v)
}

async fn run_members(from: u64) -> Result<u64, i32> {
    let mut set = JoinSet::new();
    for i in 0..MEMBERS {
        set.spawn(put(from + i));
    }
    let mut sum = 0;
    while let Some(result) = set.join_next().await {
        sum += result.unwrap()?;
    }
    Ok(sum)
}

async fn run_group(count: u64) -> Outcome {
    let (mut sum, mut ops) = (0, 0);
    let start = Instant::now();
    while ops < count {
        sum += run_members(ops).await.unwrap_or(0);
        ops += MEMBERS;
    }
    outcome(ops, start.elapsed(), sum)
}

fn main() {
    bench::main(vec![row("group", run_group)]);
}
