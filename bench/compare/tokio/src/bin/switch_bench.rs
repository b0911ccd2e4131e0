// SPDX-License-Identifier: MIT

//! Handing the processor over: the twin of bench/switch_bench.c, which says what each row does.

use bench::{outcome, row, Outcome};
use std::time::Instant;
use tokio::sync::mpsc::{channel, Receiver, Sender};
use tokio::task::yield_now;

async fn yielder(count: u64) -> u64 {
    let mut n = 0;
    for _ in 0..count {
        yield_now().await;
        n += 1;
    }
    n
}

async fn run_yield(count: u64) -> Outcome {
    let start = Instant::now();
    let left = tokio::spawn(yielder(count));
    let right = tokio::spawn(yielder(count));
    let sum = left.await.unwrap() + right.await.unwrap();
    outcome(2 * count, start.elapsed(), sum)
}

async fn echo(mut ping: Receiver<u64>, pong: Sender<u64>) {
    while let Some(v) = ping.recv().await {
        pong.send(v + 1).await.unwrap();
    }
}

async fn run_roundtrip(count: u64) -> Outcome {
    let (ping, ping_rx) = channel(1);
    let (pong_tx, mut pong) = channel(1);
    let other = tokio::spawn(echo(ping_rx, pong_tx));
    let mut sum = 0;
    let start = Instant::now();
    for i in 0..count {
        ping.send(i).await.unwrap();
        sum += pong.recv().await.unwrap();
    }
    let elapsed = start.elapsed();
    drop(ping);
    other.await.unwrap();
    outcome(count, elapsed, sum)
}

const RING: usize = 503;

/// A place in the ring; the one that counts to zero says its number.
async fn pass_on(mut rx: Receiver<u64>, tx: Sender<u64>, last: Sender<u64>, number: u64) {
    while let Some(v) = rx.recv().await {
        if v == 0 {
            last.send(number).await.unwrap();
            break;
        }
        tx.send(v - 1).await.unwrap();
    }
}

async fn run_ring(count: u64) -> Outcome {
    let (txs, rxs): (Vec<_>, Vec<_>) = (0..RING).map(|_| channel(1)).unzip();
    let (last, mut result) = channel(1);
    let places: Vec<_> = rxs
        .into_iter()
        .enumerate()
        .map(|(i, rx)| {
            let next = txs[(i + 1) % RING].clone();
            tokio::spawn(pass_on(rx, next, last.clone(), i as u64 + 1))
        })
        .collect();
    let start = Instant::now();
    txs[0].send(count).await.unwrap();
    let number = result.recv().await.unwrap();
    let elapsed = start.elapsed();
    drop(txs);
    for place in places {
        place.await.unwrap();
    }
    outcome(count, elapsed, number)
}

#[derive(Clone, Copy, PartialEq)]
enum Colour {
    Blue,
    Red,
    Yellow,
    Faded,
}
use Colour::*;

const CREATURES: usize = 10;

struct Request {
    creature: usize,
    colour: Colour,
}

fn complement(mine: Colour, other: Colour) -> Colour {
    if mine == other {
        return mine;
    }
    [Blue, Red, Yellow][3 - mine as usize - other as usize]
}

async fn live(place: Sender<Request>, mut answer: Receiver<Colour>, number: usize) -> u64 {
    let mut mine = [Blue, Red, Yellow][number % 3];
    let mut met = 0;
    loop {
        place.send(Request { creature: number, colour: mine }).await.unwrap();
        let other = answer.recv().await.unwrap();
        if other == Faded {
            return met;
        }
        mine = complement(mine, other);
        met += 1;
    }
}

async fn run_chameneos(count: u64) -> Outcome {
    let (tx, mut place) = channel(1);
    let start = Instant::now();
    let (answer, creatures): (Vec<_>, Vec<_>) = (0..CREATURES)
        .map(|i| {
            let (answer, rx) = channel(1);
            (answer, tokio::spawn(live(tx.clone(), rx, i)))
        })
        .unzip();
    for _ in 0..count {
        let first = place.recv().await.unwrap();
        let second = place.recv().await.unwrap();
        answer[first.creature].send(second.colour).await.unwrap();
        answer[second.creature].send(first.colour).await.unwrap();
    }
    for _ in 0..CREATURES {
        let late = place.recv().await.unwrap();
        answer[late.creature].send(Faded).await.unwrap();
    }
    let mut sum = 0;
    for creature in creatures {
        sum += creature.await.unwrap();
    }
    outcome(count, start.elapsed(), sum)
}

fn main() {
    bench::main(vec![
        row("yield", run_yield),
        row("roundtrip", run_roundtrip),
        row("ring", run_ring),
        row("chameneos", run_chameneos),
    ]);
}
