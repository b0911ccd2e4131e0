// SPDX-License-Identifier: MIT

//! Buffered channels: the twin of bench/chan_bench.c, which says what each row does.
//!
//! One receiver: tokio's mpsc.  Several: async-channel, which is usual for that.

use bench::{outcome, row, Outcome};
use std::time::Instant;
use tokio::sync::mpsc;

async fn run_buffered(count: u64) -> Outcome {
    let (tx, mut rx) = mpsc::channel(1);
    let mut sum = 0;
    let start = Instant::now();
    for i in 0..count {
        tx.send(i).await.unwrap();
        sum += rx.recv().await.unwrap();
    }
    outcome(count, start.elapsed(), sum)
}

async fn one_consumer(count: u64, capacity: usize, producers: u64) -> Outcome {
    let each = count / producers + 1;
    let (tx, mut rx) = mpsc::channel(capacity);
    let start = Instant::now();
    let consumer = tokio::spawn(async move {
        let mut sum = 0;
        while let Some(v) = rx.recv().await {
            sum += v;
        }
        sum
    });
    for _ in 0..producers {
        let tx = tx.clone();
        tokio::spawn(async move {
            for i in 0..each {
                tx.send(i).await.unwrap();
            }
        });
    }
    drop(tx);
    let sum = consumer.await.unwrap();
    outcome(each * producers, start.elapsed(), sum)
}

async fn many_consumers(count: u64, capacity: usize, producers: u64, consumers: u64) -> Outcome {
    let each = count / producers + 1;
    let (tx, rx) = async_channel::bounded(capacity);
    let start = Instant::now();
    let consuming: Vec<_> = (0..consumers)
        .map(|_| {
            let rx = rx.clone();
            tokio::spawn(async move {
                let mut sum = 0;
                while let Ok(v) = rx.recv().await {
                    sum += v;
                }
                sum
            })
        })
        .collect();
    for _ in 0..producers {
        let tx = tx.clone();
        tokio::spawn(async move {
            for i in 0..each {
                tx.send(i).await.unwrap();
            }
        });
    }
    drop(tx);
    let mut sum = 0;
    for consumer in consuming {
        sum += consumer.await.unwrap();
    }
    outcome(each * producers, start.elapsed(), sum)
}

async fn run_pc(count: u64, capacity: usize, producers: u64, consumers: u64) -> Outcome {
    let capacity = capacity.max(1);
    match consumers {
        1 => one_consumer(count, capacity, producers).await,
        _ => many_consumers(count, capacity, producers, consumers).await,
    }
}

fn main() {
    bench::main(vec![
        row("buffered", run_buffered),
        row("pc0_1x1", |n| run_pc(n, 0, 1, 1)),
        row("pc0_4x4", |n| run_pc(n, 0, 4, 4)),
        row("pc0_64x1", |n| run_pc(n, 0, 64, 1)),
        row("pc0_1x64", |n| run_pc(n, 0, 1, 64)),
        row("pc1_1x1", |n| run_pc(n, 1, 1, 1)),
        row("pc1_4x4", |n| run_pc(n, 1, 4, 4)),
        row("pc1_64x1", |n| run_pc(n, 1, 64, 1)),
        row("pc1_1x64", |n| run_pc(n, 1, 1, 64)),
        row("pc10_1x1", |n| run_pc(n, 10, 1, 1)),
        row("pc10_4x4", |n| run_pc(n, 10, 4, 4)),
        row("pc10_64x1", |n| run_pc(n, 10, 64, 1)),
        row("pc10_1x64", |n| run_pc(n, 10, 1, 64)),
        row("pc128_1x1", |n| run_pc(n, 128, 1, 1)),
        row("pc128_4x4", |n| run_pc(n, 128, 4, 4)),
        row("pc128_64x1", |n| run_pc(n, 128, 64, 1)),
        row("pc128_1x64", |n| run_pc(n, 128, 1, 64)),
    ]);
}
