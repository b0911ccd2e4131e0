// SPDX-License-Identifier: MIT

//! What time costs, and how punctual it is: the twin of bench/timer_bench.c, which says what each
//! row does.  tokio's timers are rounded up to the next millisecond by design.

use bench::{cold, late, lateness, outcome, random, row, Outcome};
use std::future::{poll_fn, Future};
use std::pin::Pin;
use std::task::Poll;
use std::time::{Duration, Instant};
use tokio::time::{interval_at, sleep, sleep_until, Sleep};

const HOUR: Duration = Duration::from_secs(3600);

/// A timer is armed when it is first polled.
async fn arm(timer: &mut Pin<Box<Sleep>>) -> bool {
    poll_fn(|cx| Poll::Ready(timer.as_mut().poll(cx).is_pending())).await
}

async fn run_timerstop(count: u64) -> Outcome {
    let mut timers = Vec::with_capacity(count as usize);
    let (mut state, mut stopped) = (1, 0);
    let start = Instant::now();
    for _ in 0..count {
        let more = Duration::from_millis(random(&mut state) % 3600000);
        let mut timer = Box::pin(sleep(HOUR + more));
        arm(&mut timer).await;
        timers.push(timer);
    }
    for timer in timers {
        stopped += !timer.is_elapsed() as u64; // and dropped, which stops it
    }
    outcome(count, start.elapsed(), stopped)
}

async fn run_timerreset(count: u64) -> Outcome {
    let mut timer = Box::pin(sleep(HOUR));
    arm(&mut timer).await;
    let mut armed = 0;
    let start = Instant::now();
    for _ in 0..count {
        armed += !timer.is_elapsed() as u64;
        timer.as_mut().reset(tokio::time::Instant::now() + HOUR);
    }
    outcome(count, start.elapsed(), armed)
}

const SETTLE: Duration = Duration::from_millis(700);
const SPAN_US: u64 = 400_000;

async fn sleep_and_tell(when: Instant) -> i64 {
    sleep_until(when.into()).await;
    late(when)
}

async fn run_sleepers(count: u64) -> Outcome {
    let mut state = 1;
    let start = Instant::now();
    let sleepers: Vec<_> = (0..count)
        .map(|_| {
            let within = Duration::from_micros(random(&mut state) % SPAN_US);
            tokio::spawn(sleep_and_tell(start + SETTLE + within))
        })
        .collect();
    let mut late = Vec::with_capacity(count as usize);
    for sleeper in sleepers {
        late.push(sleeper.await.unwrap());
    }
    let elapsed = start.elapsed();
    let punctual = late.iter().filter(|&&ns| ns >= 0).count() as u64;
    Outcome { more: lateness(&mut late), ..outcome(count, elapsed, punctual) }
}

async fn run_ticker(count: u64) -> Outcome {
    let tick = Duration::from_millis(1);
    let start = Instant::now();
    let mut ticker = interval_at((start + tick).into(), tick);
    let mut lates = Vec::with_capacity(count as usize);
    for i in 1..=count as u32 {
        ticker.tick().await;
        lates.push(late(start + i * tick));
    }
    let elapsed = start.elapsed();
    let drift = lates[lates.len() - 1] as f64 / 1e3;
    Outcome {
        more: format!("{} drift_us={drift:.1}", lateness(&mut lates)),
        ..outcome(count, elapsed, count)
    }
}

fn main() {
    bench::main(vec![
        row("timerstop", run_timerstop),
        row("timerreset", run_timerreset),
        cold("sleepers", run_sleepers),
        cold("ticker", run_ticker),
    ]);
}
