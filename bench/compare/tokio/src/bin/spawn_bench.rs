// SPDX-License-Identifier: MIT

//! The life of a task: the twin of bench/spawn_bench.c, which says what each row does.
//!
//! A task's result comes back through its handle, which is cheaper than a channel.

use bench::{cold, outcome, row, Outcome};
use std::future::Future;
use std::pin::Pin;
use std::time::Instant;

async fn run_spawn(count: u64) -> Outcome {
    let mut sum = 0;
    let start = Instant::now();
    for i in 0..count {
        sum += tokio::spawn(async move { i }).await.unwrap();
    }
    outcome(count, start.elapsed(), sum)
}

async fn bursts(size: u64, mut from: u64, to: u64) -> (u64, u64) {
    let first = from;
    let mut handles = Vec::with_capacity(size as usize);
    let mut sum = 0;
    while from < to {
        for _ in 0..size {
            let value = from;
            handles.push(tokio::spawn(async move { value }));
            from += 1;
        }
        for handle in handles.drain(..) {
            sum += handle.await.unwrap();
        }
    }
    (from - first, sum)
}

async fn run_fanout(count: u64) -> Outcome {
    let start = Instant::now();
    let (ops, sum) = bursts(1000, 0, count).await;
    outcome(ops, start.elapsed(), sum)
}

async fn run_spawnall(count: u64) -> Outcome {
    let each = (count / 4 / 100 + 1) * 100;
    let start = Instant::now();
    let spawners: Vec<_> =
        (0..4).map(|i| tokio::spawn(bursts(100, i * each, (i + 1) * each))).collect();
    let mut sum = 0;
    for spawner in spawners {
        sum += spawner.await.unwrap().1;
    }
    outcome(4 * each, start.elapsed(), sum)
}

type Sum = Pin<Box<dyn Future<Output = u64> + Send>>;

fn skynet(number: u64, leaves: u64) -> Sum {
    Box::pin(async move {
        if leaves == 1 {
            return number;
        }
        let child = leaves / 10;
        let children: [_; 10] =
            std::array::from_fn(|i| tokio::spawn(skynet(number + i as u64 * child, child)));
        let mut sum = 0;
        for child in children {
            sum += child.await.unwrap();
        }
        sum
    })
}

async fn run_skynet(count: u64) -> Outcome {
    let start = Instant::now();
    let sum = tokio::spawn(skynet(0, count)).await.unwrap();
    outcome(count, start.elapsed(), sum)
}

fn fib(n: u64) -> Sum {
    Box::pin(async move {
        if n < 2 {
            return n;
        }
        let left = tokio::spawn(fib(n - 1));
        let right = fib(n - 2).await;
        left.await.unwrap() + right
    })
}

/// How many tasks fib(n) spawns.
fn forks(n: u64) -> u64 {
    if n < 2 {
        0
    } else {
        1 + forks(n - 1) + forks(n - 2)
    }
}

async fn run_fib(count: u64) -> Outcome {
    let ops = forks(count);
    let start = Instant::now();
    let result = fib(count).await;
    outcome(ops, start.elapsed(), result)
}

fn main() {
    bench::main(vec![
        row("spawn", run_spawn),
        row("fanout", run_fanout),
        row("spawnall", run_spawnall),
        cold("skynet", run_skynet),
        cold("fib", run_fib),
    ]);
}
