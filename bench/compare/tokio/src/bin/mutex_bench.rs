// SPDX-License-Identifier: MIT

//! Mutual exclusion: the twin of bench/mutex_bench.c, which says what each row does.
//!
//! This is tokio's own mutex, which may be held while a task waits, as weft's and Go's may.  For
//! short sections that never wait tokio recommends the one of the standard library, which blocks
//! the thread; that one is about what the pthread twin measures.

use bench::{outcome, row, Outcome};
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

async fn run_mutex(count: u64) -> Outcome {
    let total = Mutex::new(0);
    let start = Instant::now();
    for i in 0..count {
        *total.lock().await += i;
    }
    let elapsed = start.elapsed();
    outcome(count, elapsed, total.into_inner())
}

#[derive(Default)]
struct Pot {
    size: u64,
    next: u64,
    total: u64,
    worked: u64,
    longest: Duration,
}

impl Pot {
    fn take(&mut self) -> bool {
        let more = self.next < self.size;
        if more {
            self.total += self.next;
            self.next += 1;
        }
        more
    }
}

async fn take(pot: Arc<Mutex<Pot>>) {
    while pot.lock().await.take() {}
}

async fn take_by_the_clock(pot: Arc<Mutex<Pot>>) {
    loop {
        let start = Instant::now();
        let mut pot = pot.lock().await;
        pot.longest = pot.longest.max(start.elapsed());
        if !pot.take() {
            return;
        }
    }
}

async fn take_and_work(pot: Arc<Mutex<Pot>>, steps: u32) {
    let mut outside = 0;
    loop {
        let mut held = pot.lock().await;
        if held.next == held.size {
            held.worked += outside;
            return;
        }
        let mine = held.next;
        held.next += 1;
        held.total += bench::work(mine, steps);
        drop(held);
        outside += bench::work(mine + 1, steps);
    }
}

/// Lets that many tasks empty a pot; returns how long it took, and the pot.
async fn empty<F, R>(size: u64, tasks: usize, taker: F) -> (Duration, Pot)
where
    F: Fn(Arc<Mutex<Pot>>) -> R,
    R: Future<Output = ()> + Send + 'static,
{
    let pot = Arc::new(Mutex::new(Pot { size, ..Default::default() }));
    let start = Instant::now();
    let takers: Vec<_> = (0..tasks).map(|_| tokio::spawn(taker(pot.clone()))).collect();
    for taker in takers {
        taker.await.unwrap();
    }
    let elapsed = start.elapsed();
    (elapsed, Arc::into_inner(pot).unwrap().into_inner())
}

async fn run_contended(count: u64, tasks: usize) -> Outcome {
    let (elapsed, fast) = empty(count, tasks, take).await;
    let (_, timed) = empty(count / 4 + 1, tasks, take_by_the_clock).await;
    Outcome {
        more: format!("longest_ms={:.3}", timed.longest.as_nanos() as f64 / 1e6),
        ..outcome(count, elapsed, fast.total + timed.total)
    }
}

async fn run_working(count: u64, tasks: usize, steps: u32) -> Outcome {
    let (elapsed, pot) = empty(count, tasks, |pot| take_and_work(pot, steps)).await;
    outcome(count, elapsed, pot.total + pot.worked)
}

fn main() {
    bench::main(vec![
        row("mutex", run_mutex),
        row("mutex2", |n| run_contended(n, 2)),
        row("mutex8", |n| run_contended(n, 8)),
        row("mutex64", |n| run_contended(n, 64)),
        row("mutex2w100", |n| run_working(n, 2, 100)),
        row("mutex8w100", |n| run_working(n, 8, 100)),
        row("mutex64w100", |n| run_working(n, 64, 100)),
        row("mutex2w1000", |n| run_working(n, 2, 1000)),
        row("mutex8w1000", |n| run_working(n, 8, 1000)),
        row("mutex64w1000", |n| run_working(n, 64, 1000)),
    ]);
}
