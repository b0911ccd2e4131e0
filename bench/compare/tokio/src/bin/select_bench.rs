// SPDX-License-Identifier: MIT

//! Waiting for the first of several channels: the twin of bench/select_bench.c, which says what
//! each row does.

use bench::{outcome, row, Outcome};
use futures_util::stream::{select_all, Stream, StreamExt};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{channel, Receiver, Sender};
use tokio::time::{sleep, Instant as TokioInstant};
use tokio_util::sync::CancellationToken;

/// So that a value from the wrong case shows.
fn weigh(i: u64, v: u64) -> u64 {
    (2 * i + 1) * v
}

fn alternating(n: usize, count: u64) -> (Vec<Receiver<u64>>, tokio::task::JoinHandle<()>) {
    let (txs, rxs): (Vec<Sender<u64>>, Vec<_>) = (0..n).map(|_| channel(1)).unzip();
    let sender = tokio::spawn(async move {
        for i in 0..count {
            txs[i as usize % txs.len()].send(i).await.unwrap();
        }
    });
    (rxs, sender)
}

async fn run_select2(count: u64) -> Outcome {
    let (mut rxs, sender) = alternating(2, count);
    let [even, odd] = &mut rxs[..] else { unreachable!() };
    let mut sum = 0;
    let start = Instant::now();
    for _ in 0..count {
        sum += tokio::select! {
            Some(v) = even.recv() => weigh(0, v),
            Some(v) = odd.recv() => weigh(1, v),
            else => 0,
        };
    }
    let elapsed = start.elapsed();
    sender.await.unwrap();
    outcome(count, elapsed, sum)
}

async fn run_select8(count: u64) -> Outcome {
    let (mut rxs, sender) = alternating(8, count);
    let [r0, r1, r2, r3, r4, r5, r6, r7] = &mut rxs[..] else { unreachable!() };
    let mut sum = 0;
    let start = Instant::now();
    for _ in 0..count {
        sum += tokio::select! {
            Some(v) = r0.recv() => weigh(0, v),
            Some(v) = r1.recv() => weigh(1, v),
            Some(v) = r2.recv() => weigh(2, v),
            Some(v) = r3.recv() => weigh(3, v),
            Some(v) = r4.recv() => weigh(4, v),
            Some(v) = r5.recv() => weigh(5, v),
            Some(v) = r6.recv() => weigh(6, v),
            Some(v) = r7.recv() => weigh(7, v),
            else => 0,
        };
    }
    let elapsed = start.elapsed();
    sender.await.unwrap();
    outcome(count, elapsed, sum)
}

/// A receiver as a stream that tells which one it is.
struct Numbered(u64, Receiver<u64>);

impl Stream for Numbered {
    type Item = (u64, u64);
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<(u64, u64)>> {
        let number = self.0;
        self.1.poll_recv(cx).map(|v| v.map(|v| (number, v)))
    }
}

/// With many cases select! polls each of them every time; a SelectAll only those that were woken.
async fn run_select64(count: u64) -> Outcome {
    let (rxs, sender) = alternating(64, count);
    let mut all = select_all(rxs.into_iter().enumerate().map(|(i, rx)| Numbered(i as u64, rx)));
    let mut sum = 0;
    let start = Instant::now();
    for _ in 0..count {
        let (i, v) = all.next().await.unwrap();
        sum += weigh(i, v);
    }
    let elapsed = start.elapsed();
    sender.await.unwrap();
    outcome(count, elapsed, sum)
}

fn sending(count: u64) -> (Receiver<u64>, tokio::task::JoinHandle<()>) {
    let (tx, rx) = channel(1);
    let sender = tokio::spawn(async move {
        for i in 0..count {
            tx.send(i).await.unwrap();
        }
    });
    (rx, sender)
}

async fn run_selectctx(count: u64) -> Outcome {
    let (mut rx, sender) = sending(count);
    let token = CancellationToken::new();
    let cancelled = token.cancelled();
    tokio::pin!(cancelled); // one for all rounds: registering it each time is slower
    let mut sum = 0;
    let start = Instant::now();
    for _ in 0..count {
        sum += tokio::select! {
            Some(v) = rx.recv() => v,
            _ = &mut cancelled => count, // nobody cancels it
        };
    }
    let elapsed = start.elapsed();
    sender.await.unwrap();
    outcome(count, elapsed, sum)
}

async fn run_selecttimeout(count: u64) -> Outcome {
    let (mut rx, sender) = sending(count);
    let second = Duration::from_secs(1);
    let timer = sleep(second);
    tokio::pin!(timer); // and is reset: tokio::time::timeout() makes a new one each time
    let mut sum = 0;
    let start = Instant::now();
    for _ in 0..count {
        timer.as_mut().reset(TokioInstant::now() + second);
        sum += tokio::select! {
            Some(v) = rx.recv() => v,
            _ = &mut timer => count, // nobody is that slow
        };
    }
    let elapsed = start.elapsed();
    sender.await.unwrap();
    outcome(count, elapsed, sum)
}

async fn run_selectdefault(count: u64) -> Outcome {
    let (tx, mut rx) = channel(1);
    let mut sum = 0;
    let start = Instant::now();
    for i in 0..count {
        if tx.try_send(i).is_err() {
            sum += count; // there is room
        }
        sum += rx.try_recv().unwrap_or(count);
        sum += rx.try_recv().unwrap_or(1);
    }
    outcome(3 * count, start.elapsed(), sum)
}

async fn run_selectbusy(count: u64) -> Outcome {
    let each = count / 4 + 1;
    let (tx, rx): (Vec<_>, Vec<_>) = (0..4).map(|_| async_channel::bounded::<u64>(1)).unzip();
    let start = Instant::now();
    let receivers: Vec<_> = (0..4)
        .map(|_| {
            let rx = rx.clone();
            tokio::spawn(async move {
                let mut sum = 0;
                for _ in 0..each {
                    sum += tokio::select! {
                        Ok(v) = rx[0].recv() => v,
                        Ok(v) = rx[1].recv() => v,
                        Ok(v) = rx[2].recv() => v,
                        Ok(v) = rx[3].recv() => v,
                        else => 0,
                    };
                }
                sum
            })
        })
        .collect();
    for _ in 0..4 {
        let tx = tx.clone();
        tokio::spawn(async move {
            for i in 0..each {
                tokio::select! {
                    Ok(()) = tx[0].send(i) => (),
                    Ok(()) = tx[1].send(i) => (),
                    Ok(()) = tx[2].send(i) => (),
                    Ok(()) = tx[3].send(i) => (),
                    else => (),
                }
            }
        });
    }
    let mut sum = 0;
    for receiver in receivers {
        sum += receiver.await.unwrap();
    }
    outcome(4 * each, start.elapsed(), sum)
}

fn main() {
    bench::main(vec![
        row("select2", run_select2),
        row("select8", run_select8),
        row("select64", run_select64),
        row("selectctx", run_selectctx),
        row("selecttimeout", run_selecttimeout),
        row("selectdefault", run_selectdefault),
        row("selectbusy", run_selectbusy),
    ]);
}
