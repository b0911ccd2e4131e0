// SPDX-License-Identifier: MIT

//! Wait groups, semaphores, conditions: the twin of bench/sync_bench.c, which says what each row
//! does.  A wait group is a TaskTracker with tokens, a condition with broadcast a watch channel.

use bench::{outcome, row, Outcome};
use std::sync::atomic::{AtomicU64, Ordering::*};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{watch, Notify, Semaphore};
use tokio_util::task::TaskTracker;

const COUNTERS: u64 = 4;
const WANTING: u64 = 8;
const UNITS: u64 = 4;
const LISTENERS: u64 = 8;

async fn run_wg(count: u64) -> Outcome {
    let each = count / COUNTERS + 1;
    let tracker = TaskTracker::new();
    let start = Instant::now();
    let counters: Vec<_> = (0..COUNTERS)
        .map(|_| {
            let inner = tracker.clone();
            tracker.spawn(async move {
                let mut mine = 0;
                for i in 0..each {
                    let token = inner.token();
                    mine += i;
                    drop(token);
                }
                mine
            })
        })
        .collect();
    tracker.close();
    tracker.wait().await;
    let elapsed = start.elapsed();
    let mut sum = 0;
    for counter in counters {
        sum += counter.await.unwrap();
    }
    outcome(COUNTERS * each, elapsed, sum)
}

async fn borrow(sem: Arc<Semaphore>, n: u64) -> u64 {
    let mut mine = 0;
    for i in 0..n {
        let permit = sem.acquire().await.unwrap();
        mine += i;
        drop(permit);
    }
    mine
}

async fn run_sem(count: u64) -> Outcome {
    let each = count / WANTING + 1;
    let sem = Arc::new(Semaphore::new(UNITS as usize));
    let start = Instant::now();
    let wanting: Vec<_> = (0..WANTING).map(|_| tokio::spawn(borrow(sem.clone(), each))).collect();
    let mut sum = 0;
    for one in wanting {
        sum += one.await.unwrap();
    }
    outcome(WANTING * each, start.elapsed(), sum)
}

#[derive(Default)]
struct Acknowledged {
    unaware: AtomicU64,
    all_know: Notify,
}

async fn listen(mut news: watch::Receiver<u64>, ack: Arc<Acknowledged>, last: u64) -> u64 {
    let (mut mine, mut known) = (0, 0);
    while known < last {
        news.changed().await.unwrap();
        known = *news.borrow_and_update();
        mine += known;
        if ack.unaware.fetch_sub(1, AcqRel) == 1 {
            ack.all_know.notify_one();
        }
    }
    mine
}

async fn run_cond(count: u64) -> Outcome {
    let rounds = count / LISTENERS + 1;
    let (tx, rx) = watch::channel(0);
    let ack = Arc::new(Acknowledged::default());
    let start = Instant::now();
    let listeners: Vec<_> =
        (0..LISTENERS).map(|_| tokio::spawn(listen(rx.clone(), ack.clone(), rounds))).collect();
    for i in 1..=rounds {
        ack.unaware.store(LISTENERS, Release);
        tx.send(i).unwrap();
        ack.all_know.notified().await;
    }
    let mut sum = 0;
    for listener in listeners {
        sum += listener.await.unwrap();
    }
    outcome(rounds * LISTENERS, start.elapsed(), sum)
}

fn main() {
    bench::main(vec![row("wg", run_wg), row("sem", run_sem), row("cond", run_cond)]);
}
