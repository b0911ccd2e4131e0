// SPDX-License-Identifier: MIT

//! The twin of bench/bench.h: the clock, the command line and the line of results of a workload
//! program.
//!
//! With one processor the runtime is tokio's current_thread one, as one would choose; with more
//! it is the multi-threaded one.  The work is spawned, because what block_on() is given itself
//! runs outside of the workers.
//!
//! Where a row wants an unbuffered channel, which tokio does not have, the twins use one with a
//! single slot.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

/// What one run of a row gives.
#[derive(Default)]
pub struct Outcome {
    pub ops: u64,          // ns_per_op is the time divided by this
    pub elapsed: Duration, // the work alone, without setting up
    pub checksum: u64,
    pub more: String, // further "key=value" of this row, or empty
}

pub fn outcome(ops: u64, elapsed: Duration, checksum: u64) -> Outcome {
    Outcome { ops, elapsed, checksum, ..Default::default() }
}

type Work = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// A workload and the name it goes by in every language.
pub struct Row {
    name: &'static str,
    run: Box<dyn Fn(u64) -> Work>,
    cold: bool, // no warm-up
}

pub fn row<F, R>(name: &'static str, run: F) -> Row
where
    F: Fn(u64) -> R + 'static,
    R: Future<Output = Outcome> + Send + 'static,
{
    Row { name, run: Box::new(move |count| Box::pin(run(count))), cold: false }
}

/// A row whose first run must be the measured one.
pub fn cold<F, R>(name: &'static str, run: F) -> Row
where
    F: Fn(u64) -> R + 'static,
    R: Future<Output = Outcome> + Send + 'static,
{
    Row { cold: true, ..row(name, run) }
}

/// How many processors there are to use; the harness says so.
pub fn procs() -> usize {
    std::env::var("TOKIO_WORKER_THREADS").ok().and_then(|s| s.parse().ok()).unwrap_or(2)
}

pub fn runtime() -> tokio::runtime::Runtime {
    let mut builder = match procs() {
        1 => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(), // reads TOKIO_WORKER_THREADS itself
    };
    builder.enable_time().build().expect("a runtime")
}

fn bad_usage(why: &str, what: &str, rows: &[Row]) -> ! {
    let program = std::env::args().next().unwrap_or_default();
    let names: Vec<_> = rows.iter().map(|row| row.name).collect();
    eprintln!("{program}: {why} '{what}'; usage: {program} ROW COUNT, rows: {}", names.join(" "));
    std::process::exit(2)
}

/// Run the row that the command line names and print its line.
pub fn main(rows: Vec<Row>) {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [name, count] = &args[..] else {
        bad_usage("wrong number of arguments:", &args.join(" "), &rows)
    };
    let Some(row) = rows.iter().find(|row| row.name == name) else {
        bad_usage("no row", name, &rows)
    };
    let Some(count) = count.parse::<u64>().ok().filter(|&n| n > 0) else {
        bad_usage("not a count above zero:", count, &rows)
    };
    let runtime = runtime();
    let run = |count| runtime.block_on(async { tokio::spawn((row.run)(count)).await.unwrap() });
    if !row.cold {
        run(count / 10 + 1);
    }
    let r = run(count);
    let ns = r.elapsed.as_nanos() as f64 / r.ops as f64;
    let space = if r.more.is_empty() { "" } else { " " };
    println!("row={name} ops={} ns_per_op={ns:.3} checksum={}{space}{}", r.ops, r.checksum, r.more);
}

/// Something to do that takes about a nanosecond a step.
#[inline]
pub fn work(mut seed: u64, steps: u32) -> u64 {
    for _ in 0..steps {
        seed = (seed ^ 0x9e3779b97f4a7c15).wrapping_mul(0xd6e8feb86659fd93);
    }
    seed >> 33
}

/// The next of a sequence of numbers that is the same in every language.
pub fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
    *state >> 33
}

/// How much later it is than it should be, in nanoseconds.
pub fn late(when: Instant) -> i64 {
    let now = Instant::now();
    if now >= when {
        (now - when).as_nanos() as i64
    } else {
        -((when - now).as_nanos() as i64)
    }
}

/// Sorts the times, in nanoseconds, and describes them in microseconds.
pub fn lateness(late: &mut [i64]) -> String {
    late.sort_unstable();
    let n = late.len();
    let us = |i: usize| late[i] as f64 / 1e3;
    format!(
        "p50_us={:.1} p99_us={:.1} p999_us={:.1}",
        us(n / 2),
        us(n * 99 / 100),
        us(n * 999 / 1000)
    )
}

/// This process's resident memory (VmRSS).
pub fn resident_bytes() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("/proc/self/status");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("VmRSS");
    let kib: i64 = line.split_whitespace().nth(1).and_then(|s| s.parse().ok()).expect("VmRSS");
    kib * 1024
}
