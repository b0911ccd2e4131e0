// SPDX-License-Identifier: MIT

//! Long chains of tasks: the twin of bench/pipeline_bench.c, which says what each row does.

use bench::{outcome, row, Outcome};
use std::time::Instant;
use tokio::sync::mpsc::{channel, Receiver, Sender};

const STAGES: u64 = 1000;

async fn stage(mut rx: Receiver<u64>, tx: Sender<u64>) {
    while let Some(v) = rx.recv().await {
        tx.send(v + 1).await.unwrap();
    }
}

async fn feed(tx: Sender<u64>, from: u64, to: u64) {
    for i in from..=to {
        tx.send(i).await.unwrap();
    }
}

async fn run_pipeline(count: u64) -> Outcome {
    let (first, mut rx) = channel(1);
    for _ in 0..STAGES {
        let (tx, next) = channel(1);
        tokio::spawn(stage(rx, tx));
        rx = next;
    }
    let mut sum = 0;
    let start = Instant::now();
    tokio::spawn(feed(first, 1, count));
    while let Some(v) = rx.recv().await {
        sum += v;
    }
    outcome(count * STAGES, start.elapsed(), sum)
}

/// By trial division; the first is 2.
fn nth_prime(n: u64) -> u64 {
    let prime = |c: &u64| (2..).take_while(|d| d * d <= *c).all(|d| c % d != 0);
    (2u64..).filter(prime).nth(n as usize - 1).unwrap()
}

/// The first number is a prime: say so, and start the next one with what it leaves.
async fn sift(mut rx: Receiver<u64>, primes: Sender<u64>) {
    let Some(prime) = rx.recv().await else { return };
    primes.send(prime).await.unwrap();
    let (tx, next) = channel(1);
    spawn_sift(next, primes);
    while let Some(v) = rx.recv().await {
        if v % prime != 0 {
            tx.send(v).await.unwrap();
        }
    }
}

/// A function of its own, because the type of a future cannot contain itself.
fn spawn_sift(rx: Receiver<u64>, primes: Sender<u64>) {
    tokio::spawn(sift(rx, primes));
}

async fn run_sieve(count: u64) -> Outcome {
    let last = nth_prime(count);
    let (numbers, rx) = channel(1);
    let (tx, mut primes) = channel(1);
    let mut sum = 0;
    let start = Instant::now();
    spawn_sift(rx, tx);
    tokio::spawn(feed(numbers, 2, last));
    while let Some(p) = primes.recv().await {
        sum += p;
    }
    outcome(count, start.elapsed(), sum)
}

fn main() {
    bench::main(vec![row("pipeline", run_pipeline), row("sieve", run_sieve)]);
}
