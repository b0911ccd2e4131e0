// SPDX-License-Identifier: MIT

//! What a task costs that only waits: the twin of bench/parked_bench.c, which says what each row
//! does.  A task has no stack, so its memory is not what a goroutine's is for.

use bench::{cold, outcome, resident_bytes, Outcome};
use std::sync::atomic::{AtomicU64, Ordering::*};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio_util::task::TaskTracker;

#[derive(Default)]
struct Shared {
    gate: Notify,
    parked: AtomicU64,
    all_parked: Notify,
    sum: AtomicU64,
}

async fn sleeper(shared: Arc<Shared>, count: u64, i: u64) {
    let opened = shared.gate.notified();
    if shared.parked.fetch_add(1, AcqRel) + 1 == count {
        shared.all_parked.notify_one();
    }
    opened.await;
    shared.sum.fetch_add(i, Relaxed);
}

async fn run_parked(count: u64) -> Outcome {
    let shared = Arc::new(Shared::default());
    let tasks = TaskTracker::new();

    let before = resident_bytes();
    let start = Instant::now();
    for i in 0..count {
        tasks.spawn(sleeper(shared.clone(), count, i));
    }
    shared.all_parked.notified().await;
    let spawn = start.elapsed();

    // The last ones have said so and are about to wait: give them the time.
    tokio::time::sleep(Duration::from_millis(20)).await;
    let bytes = resident_bytes() - before;

    let start = Instant::now();
    shared.gate.notify_waiters();
    tasks.close();
    tasks.wait().await;
    let wake = start.elapsed();

    let n = count as f64;
    Outcome {
        more: format!(
            "bytes={:.1} spawn_ns={:.1} wake_ns={:.1}",
            bytes as f64 / n,
            spawn.as_nanos() as f64 / n,
            wake.as_nanos() as f64 / n
        ),
        ..outcome(count, spawn + wake, shared.sum.load(Relaxed))
    }
}

async fn run_unrun(count: u64) -> Outcome {
    let sum = Arc::new(AtomicU64::new(0));
    let tasks = TaskTracker::new();
    let before = resident_bytes();
    let start = Instant::now();
    for i in 0..count {
        let sum = sum.clone();
        tasks.spawn(async move { sum.fetch_add(i, Relaxed) });
    }
    let bytes = resident_bytes() - before;
    tasks.close();
    tasks.wait().await;
    Outcome {
        more: format!("bytes={:.1}", bytes as f64 / count as f64),
        ..outcome(count, start.elapsed(), sum.load(Relaxed))
    }
}

fn main() {
    bench::main(vec![cold("parked", run_parked), cold("unrun", run_unrun)]);
}
