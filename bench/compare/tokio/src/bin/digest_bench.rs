// SPDX-License-Identifier: MIT

//! The SHA-256 of every regular file under a directory, sorted by path: the same pipeline as
//! examples/digest.c.  Reading and hashing block, so they run on tokio's threads for that.

use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

type Sum = (PathBuf, io::Result<[u8; 32]>);

fn walk(root: PathBuf, jobs: async_channel::Sender<PathBuf>) {
    let mut pending = vec![root];
    while let Some(dir) = pending.pop() {
        let entries = match fs::read_dir(&dir) {
            Ok(entries) => entries,
            Err(e) => {
                eprintln!("digest: {}: {e}", dir.display());
                continue;
            }
        };
        for entry in entries.flatten() {
            match entry.file_type() {
                Ok(t) if t.is_file() => jobs.send_blocking(entry.path()).unwrap(),
                Ok(t) if t.is_dir() => pending.push(entry.path()),
                _ => (),
            }
        }
    }
}

fn hash_file(path: &PathBuf, buffer: &mut [u8]) -> io::Result<[u8; 32]> {
    let mut file = File::open(path)?;
    let mut sha = Sha256::new();
    loop {
        match file.read(buffer)? {
            0 => return Ok(sha.finalize().into()),
            n => sha.update(&buffer[..n]),
        }
    }
}

fn hash_files(jobs: async_channel::Receiver<PathBuf>, results: async_channel::Sender<Sum>) {
    let mut buffer = vec![0; 256 * 1024];
    while let Ok(path) = jobs.recv_blocking() {
        let sum = hash_file(&path, &mut buffer);
        results.send_blocking((path, sum)).unwrap();
    }
}

/// A line of sha256sum; a backslash in front says that the name is escaped.
fn print_sum(out: &mut impl Write, path: &[u8], sum: &[u8; 32]) -> io::Result<()> {
    let special = |&b: &u8| matches!(b, b'\\' | b'\n' | b'\r');
    if path.iter().any(|b| special(b)) {
        out.write_all(b"\\")?;
    }
    for b in sum {
        write!(out, "{b:02x}")?;
    }
    out.write_all(b"  ")?;
    for b in path {
        match b {
            b'\\' => out.write_all(b"\\\\")?,
            b'\n' => out.write_all(b"\\n")?,
            b'\r' => out.write_all(b"\\r")?,
            _ => out.write_all(&[*b])?,
        }
    }
    out.write_all(b"\n")
}

async fn digest(root: PathBuf) -> io::Result<()> {
    let (jobs, jobs_rx) = async_channel::bounded(128);
    let (results, results_rx) = async_channel::bounded(128);
    tokio::task::spawn_blocking(move || walk(root, jobs));
    for _ in 0..2 * bench::procs() + 2 {
        let (jobs, results) = (jobs_rx.clone(), results.clone());
        tokio::task::spawn_blocking(move || hash_files(jobs, results));
    }
    drop(results);
    let mut sums = Vec::new();
    while let Ok((path, sum)) = results_rx.recv().await {
        match sum {
            Ok(sum) => sums.push((path.into_os_string(), sum)),
            Err(e) => eprintln!("digest: {}: {e}", path.display()),
        }
    }
    sums.sort_unstable();
    let mut out = io::BufWriter::new(io::stdout().lock());
    for (path, sum) in &sums {
        print_sum(&mut out, path.as_bytes(), sum)?;
    }
    out.flush()
}

fn main() -> io::Result<()> {
    let root = std::env::args_os().nth(1).expect("usage: digest_bench DIR");
    bench::runtime().block_on(async { tokio::spawn(digest(root.into())).await.unwrap() })
}
