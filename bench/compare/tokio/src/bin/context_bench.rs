// SPDX-License-Identifier: MIT

//! Cancellation: the twin of bench/context_bench.c, which says what each row does.

use bench::{outcome, row, Outcome};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

const CHILDREN: u64 = 10000;

async fn run_ctx(count: u64) -> Outcome {
    let mut ended = 0;
    let start = Instant::now();
    for _ in 0..count {
        let token = CancellationToken::new();
        token.cancel();
        ended += token.is_cancelled() as u64;
    }
    outcome(count, start.elapsed(), ended)
}

async fn run_ctxchild(count: u64) -> Outcome {
    let parent = CancellationToken::new();
    let mut ended = 0;
    let start = Instant::now();
    for _ in 0..count {
        let token = parent.child_token();
        token.cancel();
        ended += token.is_cancelled() as u64;
    }
    outcome(count, start.elapsed(), ended)
}

async fn run_ctxtree(count: u64) -> Outcome {
    let (mut ops, mut ended, mut elapsed) = (0, 0, Duration::ZERO);
    while ops < count {
        let root = CancellationToken::new();
        let children: Vec<_> = (0..CHILDREN).map(|_| root.child_token()).collect();
        let start = Instant::now();
        root.cancel();
        elapsed += start.elapsed();
        ended += children.iter().filter(|child| child.is_cancelled()).count() as u64;
        ops += CHILDREN;
    }
    outcome(ops, elapsed, ended)
}

fn main() {
    bench::main(vec![
        row("ctx", run_ctx),
        row("ctxchild", run_ctxchild),
        row("ctxtree", run_ctxtree),
    ]);
}
