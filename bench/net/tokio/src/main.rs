// SPDX-License-Identifier: MIT

//! The servers of bench/net with tokio; see ../../weft_net.c.

use std::collections::HashMap;
use std::sync::RwLock;
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const IN: usize = 16384;

async fn echo(mut c: TcpStream) {
    let mut buf = vec![0u8; 4096];
    loop {
        match c.read(&mut buf).await {
            Ok(n) if n > 0 => {
                if c.write_all(&buf[..n]).await.is_err() {
                    return;
                }
            }
            _ => return,
        }
    }
}

static STORE: std::sync::OnceLock<RwLock<HashMap<Vec<u8>, Vec<u8>>>> = std::sync::OnceLock::new();

fn trim(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// "*3\r\n" at p: the number, and the position after it.
fn number(from: &[u8], p: usize) -> Option<(i64, usize)> {
    let eol = p + from[p..].iter().position(|&b| b == b'\n')?;
    let text = std::str::from_utf8(trim(&from[p + 1..eol])).ok()?;
    Some((text.parse().unwrap_or(0), eol + 1))
}

enum Parsed<'a> {
    More,
    Wrong,
    Request(usize, [&'a [u8]; 8], usize),
}

fn parse(from: &[u8]) -> Parsed<'_> {
    let mut args: [&[u8]; 8] = [&[]; 8];
    if from.is_empty() {
        return Parsed::More;
    }
    if from[0] != b'*' {
        return match from.iter().position(|&b| b == b'\n') {
            None => Parsed::More,
            Some(eol) => {
                args[0] = trim(&from[..eol]);
                Parsed::Request(eol + 1, args, 1)
            }
        };
    }
    let Some((n, mut p)) = number(from, 0) else { return Parsed::More };
    if !(1..=8).contains(&n) {
        return Parsed::Wrong;
    }
    for arg in args.iter_mut().take(n as usize) {
        if p == from.len() {
            return Parsed::More;
        }
        let Some((size, q)) = number(from, p) else { return Parsed::More };
        if !(0..=IN as i64).contains(&size) {
            return Parsed::Wrong;
        }
        let end = q + size as usize;
        if from.len() < end + 2 {
            return Parsed::More;
        }
        *arg = &from[q..end];
        p = end + 2;
    }
    Parsed::Request(p, args, n as usize)
}

fn answer(out: &mut Vec<u8>, args: &[&[u8]]) {
    let store = STORE.get_or_init(Default::default);
    if args[0].eq_ignore_ascii_case(b"PING") {
        out.extend_from_slice(b"+PONG\r\n");
    } else if args[0].eq_ignore_ascii_case(b"SET") && args.len() >= 3 {
        store.write().unwrap().insert(args[1].to_vec(), args[2].to_vec());
        out.extend_from_slice(b"+OK\r\n");
    } else if args[0].eq_ignore_ascii_case(b"GET") && args.len() == 2 {
        match store.read().unwrap().get(args[1]) {
            None => out.extend_from_slice(b"$-1\r\n"),
            Some(value) => {
                out.push(b'$');
                out.extend_from_slice(value.len().to_string().as_bytes());
                out.extend_from_slice(b"\r\n");
                out.extend_from_slice(value);
                out.extend_from_slice(b"\r\n");
            }
        }
    } else if args[0].eq_ignore_ascii_case(b"CONFIG") {
        out.extend_from_slice(b"*0\r\n");
    } else {
        out.extend_from_slice(b"-ERR unknown command\r\n");
    }
}

async fn redis(mut c: TcpStream) {
    let mut buf = vec![0u8; IN];
    let mut out = Vec::with_capacity(2 * IN);
    let mut have = 0;
    loop {
        match c.read(&mut buf[have..]).await {
            Ok(n) if n > 0 => have += n,
            _ => return,
        }
        let mut used = 0;
        let mut wrong = false;
        out.clear();
        while out.len() < IN - 64 {
            match parse(&buf[used..have]) {
                Parsed::More => break,
                Parsed::Wrong => {
                    wrong = true;
                    break;
                }
                Parsed::Request(size, args, n) => {
                    used += size;
                    answer(&mut out, &args[..n]);
                }
            }
        }
        buf.copy_within(used..have, 0);
        have -= used;
        if !out.is_empty() && c.write_all(&out).await.is_err() {
            return;
        }
        if wrong || have == IN {
            return;
        }
    }
}

async fn serve(kind: &str, address: &str) {
    let server = TcpListener::bind(address).await.unwrap();
    loop {
        let (c, _) = server.accept().await.unwrap();
        c.set_nodelay(true).unwrap();
        if kind == "redis" {
            tokio::spawn(redis(c));
        } else {
            tokio::spawn(echo(c));
        }
    }
}

async fn dial(count: usize) {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = server.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            drop(server.accept().await);
        }
    });
    let start = Instant::now();
    let mut b = [0u8; 1];
    for _ in 0..count {
        let mut c = TcpStream::connect(at).await.unwrap();
        c.set_nodelay(true).unwrap();
        assert_eq!(c.read(&mut b).await.unwrap(), 0);
    }
    println!("{:.0}", count as f64 / start.elapsed().as_secs_f64());
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let procs = std::env::var("TOKIO_WORKER_THREADS").ok().and_then(|s| s.parse().ok()).unwrap_or(1);
    let runtime = if procs == 1 {
        tokio::runtime::Builder::new_current_thread().enable_io().build()
    } else {
        tokio::runtime::Builder::new_multi_thread().worker_threads(procs).enable_io().build()
    };
    runtime.unwrap().block_on(async {
        if args[1] == "dial" {
            dial(args[2].parse().unwrap()).await
        } else {
            serve(&args[1], &args[2]).await
        }
    });
}
