// SPDX-License-Identifier: MIT

//! What only shows with more than one processor, or more threads: the twin of bench/scale_bench.c,
//! which says what each row does.

use bench::{cold, late, lateness, outcome, procs, row, work, Outcome};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::channel;

const JOBS: usize = 1000;
const LONG_EVERY: u64 = 50;

async fn job(number: u64) -> u64 {
    work(number, if number % LONG_EVERY == 0 { 5000 } else { 50 })
}

async fn run_imbalance(count: u64) -> Outcome {
    let mut handles = Vec::with_capacity(JOBS);
    let (mut sum, mut ops) = (0, 0);
    let start = Instant::now();
    while ops < count {
        for _ in 0..JOBS {
            handles.push(tokio::spawn(job(ops)));
            ops += 1;
        }
        for handle in handles.drain(..) {
            sum += handle.await.unwrap();
        }
    }
    outcome(ops, start.elapsed(), sum)
}

async fn run_outside(count: u64) -> Outcome {
    let (tx, mut rx) = channel(128);
    let mut sum = 0;
    let start = Instant::now();
    let thread = std::thread::spawn(move || {
        for i in 0..count {
            tx.blocking_send(i).unwrap();
        }
    });
    while let Some(v) = rx.recv().await {
        sum += v;
    }
    let elapsed = start.elapsed();
    thread.join().unwrap();
    outcome(count, elapsed, sum)
}

/// What computes for long belongs on the threads for blocking work: on a worker it would hold up
/// every other task there.
async fn run_wakebusy(count: u64) -> Outcome {
    let enough = Arc::new(AtomicBool::new(false));
    let start = Instant::now();
    let computing: Vec<_> = (0..procs())
        .map(|_| {
            let enough = enough.clone();
            tokio::task::spawn_blocking(move || {
                let mut result = 0u64;
                while !enough.load(Relaxed) {
                    result += work(result, 1000);
                }
                result
            })
        })
        .collect();
    let mut lates = Vec::with_capacity(count as usize);
    for _ in 0..count {
        let when = Instant::now() + Duration::from_millis(1);
        tokio::time::sleep(Duration::from_millis(1)).await;
        lates.push(late(when));
    }
    let elapsed = start.elapsed();
    enough.store(true, Relaxed);
    for one in computing {
        std::hint::black_box(one.await.unwrap());
    }
    Outcome { more: lateness(&mut lates), ..outcome(count, elapsed, count) }
}

fn main() {
    bench::main(vec![
        row("imbalance", run_imbalance),
        row("outside", run_outside),
        cold("wakebusy", run_wakebusy),
    ]);
}
