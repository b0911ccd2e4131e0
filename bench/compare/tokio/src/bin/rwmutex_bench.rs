// SPDX-License-Identifier: MIT

//! Many readers, few writers: the twin of bench/rwmutex_bench.c, which says what each row does.

use bench::{outcome, row, Outcome};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::RwLock;

const TASKS: u64 = 8;

#[derive(Default)]
struct Pair {
    left: u64,
    right: u64, // always equal
}

/// n operations, of which each so-manieth writes (0: none); counts the reads that saw what they
/// should.
async fn use_pair(pair: Arc<RwLock<Pair>>, n: u64, write_every: u64) -> u64 {
    let (mut seen, mut since) = (0, 0);
    for _ in 0..n {
        since += 1;
        if since == write_every {
            since = 0;
            let mut pair = pair.write().await;
            pair.left += 1;
            pair.right += 1;
        } else {
            let pair = pair.read().await;
            seen += (pair.left == pair.right) as u64;
        }
    }
    seen
}

async fn run_rwmutex(count: u64, write_every: u64) -> Outcome {
    let each = count / TASKS + 1;
    let pair = Arc::new(RwLock::new(Pair::default()));
    let start = Instant::now();
    let users: Vec<_> =
        (0..TASKS).map(|_| tokio::spawn(use_pair(pair.clone(), each, write_every))).collect();
    let mut seen = 0;
    for user in users {
        seen += user.await.unwrap();
    }
    let elapsed = start.elapsed();
    let left = pair.read().await.left;
    outcome(each * TASKS, elapsed, seen * 1000 + left)
}

fn main() {
    bench::main(vec![
        row("rwmutex0", |n| run_rwmutex(n, 0)),
        row("rwmutex1", |n| run_rwmutex(n, 100)),
        row("rwmutex10", |n| run_rwmutex(n, 10)),
    ]);
}
