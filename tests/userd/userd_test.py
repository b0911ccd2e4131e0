#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""examples/userd against clients of all kinds, those that mean well and those that do not.

usage: userd_test.py USERD [sqlite | ADDRESS] [NAME...]

USERD is the program, ADDRESS a postgres:// address (psql must reach the same server by its
environment).  Prints "ok NAME", "SKIP NAME: why" or "FAIL NAME" with what was seen; exit 1 when one
failed.  Every server runs under WEFT_LEAKS=fail and is stopped by SIGTERM, so a goroutine that it
has lost shows as its exit status.
"""
import contextlib
import http.client
import json
import os
import re
import resource
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback

USERD = sys.argv[1]
DB = sys.argv[2] if len(sys.argv) > 2 else "sqlite"
PG = DB.startswith("postgres")
CONNECTIONS = 4


class Skip(Exception):
    pass


def check(condition, what="it does not hold"):
    if not condition:
        raise AssertionError(what)


def same(got, wanted):
    check(got == wanted, f"{got!r}, not {wanted!r}")


def until(condition, what, limit=10.0):
    end = time.monotonic() + limit
    while not condition():
        check(time.monotonic() < end, f"not within {limit} s: {what}")
        time.sleep(0.005)


# ---- the server ----------------------------------------------------------------------------------


class Server:
    """A running userd, its log, and how to reach it."""

    def __init__(self, *options, db=None, connections=CONNECTIONS):
        self.folder = tempfile.mkdtemp(prefix="weft-userd-")
        self.log = []
        self.told = False
        self.started = time.monotonic()
        address = db or (DB if PG else f"sqlite:{self.folder}/users.db")
        self.process = subprocess.Popen(
            [USERD, "--listen", "127.0.0.1:0", "--db", address,
             "--connections", str(connections), *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace",
            env={**os.environ, "WEFT_LEAKS": "fail"})
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        until(lambda: self.event("listening") or self.process.poll() is not None, "listening", 10)
        line = self.event("listening")
        if not line:
            raise AssertionError("it does not start: " + " ".join(self.log) +
                                 self.process.stderr.read())
        self.up = time.monotonic() - self.started
        self.port = int(re.search(r"addr=\S*:(\d+)", line).group(1))

    def _read(self):
        for line in self.process.stdout:
            self.log.append(line.rstrip("\n"))

    def event(self, msg, *more):
        for line in list(self.log):
            if f" msg={msg} " in line and all(m in line for m in more):
                return line
        return None

    def events(self, msg, *more):
        return [l for l in list(self.log) if f" msg={msg} " in l and all(m in l for m in more)]

    def terminate(self):
        """Once: the second SIGTERM ends it at once."""
        self.told = True
        self.process.send_signal(signal.SIGTERM)

    def stop(self, status=0, limit=10):
        if self.process.poll() is None and not self.told:
            self.terminate()
        try:
            got = self.process.wait(limit)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGQUIT)
            raise AssertionError("it does not stop:\n" + self.process.communicate()[1])
        self.reader.join()
        said = self.process.stderr.read()
        check(got == status and not said, f"exit status {got}, not {status}; it says: {said}")

    def connect(self, timeout=5):
        s = socket.create_connection(("127.0.0.1", self.port), timeout=timeout)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return s

    def send(self, data, timeout=5):
        s = self.connect(timeout)
        s.sendall(data)
        return s

    def http(self, timeout=5):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def get(self, path, timeout=5):
        c = self.http(timeout)
        try:
            c.request("GET", path)
            r = c.getresponse()
            return r.status, json.loads(r.read())
        finally:
            c.close()

    def post(self, body, path="/users", timeout=5, **headers):
        c = self.http(timeout)
        try:
            if not isinstance(body, (bytes, str)):
                body = json.dumps(body)
            c.request("POST", path, body, {"Content-Type": "application/json", **headers})
            r = c.getresponse()
            return r.status, json.loads(r.read()), dict(r.getheaders())
        finally:
            c.close()

    def health(self):
        status, body = self.get("/healthz")
        same(status, 200)
        return body

    def busy(self):
        """Are all connections to the database in use?  Then a request that needs one waits."""
        try:
            self.get("/healthz", timeout=0.15)
            return False
        except TimeoutError:
            return True

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def memory(self):
        with open(f"/proc/{self.process.pid}/status") as f:
            return int(re.search(r"RssAnon:\s*(\d+) kB", f.read()).group(1)) * 1024

    def at_rest(self):
        """Only who asks is connected, and nothing is left of the others."""
        until(lambda: self.health()["clients"] == 1, "the others have left")
        until(lambda: self.health()["goroutines"] <= 4, "their goroutines have ended")


@contextlib.contextmanager
def server(*options, status=0, **more):
    s = Server(*options, **more)
    try:
        yield s
        s.stop(status)
    finally:
        if s.process.poll() is None:
            s.process.kill()
            s.process.wait()
        s.process.stdout.close()
        s.process.stderr.close()
        shutil.rmtree(s.folder, ignore_errors=True)


class Answers:
    """The answers on a connection, one after the other."""

    def __init__(self, sock):
        self.sock, self.buffer = sock, b""

    def _more(self):
        data = self.sock.recv(65536)
        self.buffer += data
        return bool(data)

    def next(self, head=False):
        """(status, headers, body), or None at the end."""
        while b"\r\n\r\n" not in self.buffer:
            if not self._more():
                same(self.buffer, b"")
                return None
        top, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        lines = top.decode("latin-1").split("\r\n")
        status = int(lines[0].split()[1])
        headers = dict(l.lower().split(": ", 1) for l in lines[1:])
        if status == 100:
            return 100, headers, b""
        size = 0 if head else int(headers["content-length"])
        while len(self.buffer) < size:
            check(self._more(), "it ends within the body")
        body, self.buffer = self.buffer[:size], self.buffer[size:]
        return status, headers, json.loads(body) if body else None


def ask(target, method="GET", headers="", body=b"", version="1.1"):
    return (f"{method} {target} HTTP/{version}\r\nHost: x\r\n{headers}\r\n").encode() + body


def statuses(sock):
    """The statuses of all answers until the server closes."""
    answers, got = Answers(sock), []
    while (a := answers.next()) is not None:
        got.append(a[0])
    return got


def reset(sock):
    """Close it so that the other side gets a RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


# ---- what it answers -----------------------------------------------------------------------------


def test_up_in_a_second():
    took = []
    for _ in range(3):  # the machine may be busy with something else for a moment
        with server() as s:
            took.append(s.up)
    check(min(took) < 1.0, f"it took {min(took):.2f} s")
    with server() as s:
        same(s.health()["status"], "ok")
        same(s.health()["database"], "postgres" if PG else "sqlite")


def email():
    return f"{os.urandom(8).hex()}@example.org"


def test_users_come_and_are_found():
    with server() as s:
        ada = {"name": "Ada Lovelace", "email": email()}
        status, user, headers = s.post(ada)
        same((status, user), (201, {"id": user["id"], **ada}))
        same(headers["Location"], f"/users/{user['id']}")
        same(s.get(headers["Location"]), (200, user))
        same(s.post(ada)[0], 409)
        odd = {"name": "Zoë \"quote\" \\ \n 日本語 😀", "email": email()}
        status, user, headers = s.post(odd)
        same(status, 201)
        same(s.get(headers["Location"]), (200, {"id": user["id"], **odd}))
        same(s.get("/users/999999999")[0], 404)


def test_users_outlive_the_server():
    with tempfile.TemporaryDirectory() as folder:
        db = f"sqlite:{folder}/db"
        with server(db=db) as s:
            location = s.post({"name": "n", "email": "e@x"})[2]["Location"]
        with server(db=db) as s:
            same(s.get(location)[1]["email"], "e@x")


def test_errors_are_json():
    with server() as s:
        for status, path in ((404, "/"), (404, "/users/"), (404, "/users/x"), (404, "/users/1x"),
                             (404, "/users/-1"), (404, "/users/" + "9" * 30), (404, "/usersx"),
                             (404, "/users/%31"), (400, "/slow"), (400, "/slow?s="),
                             (400, "/slow?s=x"), (400, "/slow?s=-1"), (400, "/slow?s=nan"),
                             (400, "/slow?s=1e9"), (405, "/users")):
            got, body = s.get(path)
            same((path, got, body["status"]), (path, status, status))
            check(isinstance(body["error"], str))
        for body in (b"", b"{", b"[]", b"null", b'"x"', b"{}", b'{"name": 1, "email": "a@b"}',
                     b'{"name": "", "email": "a@b"}', b'{"name": "x", "email": "nobody"}',
                     b'{"name": "x"}', b'{"name": "x", "name": "y", "email": "a@b"}',
                     b'{"name": "\xff", "email": "a@b"}', b'{"name": "\\u0000", "email": "a@b"}',
                     b'{"name": "' + b"x" * 101 + b'", "email": "a@b"}',
                     b'{"name": "x", "email": "a@b"} trailing', b"[" * 60000):
            same((body[:40], s.post(body)[0]), (body[:40], 400))
        same(s.post({}, **{"Content-Type": "text/plain"})[0], 415)
        same(s.post({}, **{"Content-Type": "application/jsonx"})[0], 415)
        ok = {"name": "x", "email": email()}
        same(s.post(ok, **{"Content-Type": "Application/JSON; charset=utf-8"})[0], 201)
        a = Answers(s.send(ask("/users/1", "DELETE")))
        status, headers, _ = a.next()
        same((status, headers["allow"]), (405, "get, head"))


def test_methods_and_versions():
    with server() as s:
        sock = s.send(ask("/healthz", "HEAD") + ask("/healthz"))
        a = Answers(sock)
        status, headers, body = a.next(head=True)
        same((status, body), (200, None))
        check(int(headers["content-length"]) > 0)
        same(a.next()[0], 200)
        # HTTP/1.0 ends the connection unless told otherwise.
        sock = s.send(b"GET /healthz HTTP/1.0\r\n\r\n")
        same(statuses(sock), [200])
        sock = s.send(b"GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" * 2)
        a = Answers(sock)
        same([a.next()[1]["connection"] for _ in range(2)], ["keep-alive"] * 2)
        sock = s.send(ask("/healthz", headers="Connection: close\r\n") + ask("/healthz"))
        same(statuses(sock), [200])
        # An upgrade that is not taken is an ordinary request.
        sock = s.send(ask("/healthz", headers="Connection: Upgrade\r\nUpgrade: h2c\r\n"))
        same(statuses(sock), [200])
        # A target with a host in it, as for a proxy.
        same(Answers(s.send(ask("http://x:1/healthz?a=b"))).next()[0], 200)


def test_bodies():
    with server() as s:
        body = json.dumps({"name": "x", "email": email()}).encode()
        chunks = b"".join(b"1;ext=1\r\n%c\r\n" % c for c in body)
        chunks += b"0\r\nX-Trailer: 1\r\n\r\n"
        sock = s.send(ask("/users", "POST", "Content-Type: application/json\r\n"
                                            "Transfer-Encoding: chunked\r\n", chunks))
        same(Answers(sock).next()[0], 201)
        # What stands behind a body belongs to that request, not to the next.
        sock = s.send(ask("/users", "POST", "Content-Type: application/json\r\n"
                          "Transfer-Encoding: chunked\r\n", b"0\r\nHost: x\r\n\r\n")
                      + b"GET /healthz HTTP/1.1\r\nX: y\r\n\r\n")
        same(statuses(sock), [400, 400])
        # A client that asks first.
        body = json.dumps({"name": "x", "email": email()}).encode()
        sock = s.send(ask("/users", "POST", "Content-Type: application/json\r\n"
                          f"Expect: 100-continue\r\nContent-Length: {len(body)}\r\n"))
        a = Answers(sock)
        same(a.next()[0], 100)
        sock.sendall(body)
        same(a.next()[0], 201)


def test_pipelining():
    with server() as s:
        sock = s.send(b"".join(ask(f"/users/{i}") for i in range(1000000, 1000200)))
        a = Answers(sock)
        for i in range(1000000, 1000200):
            status, _, body = a.next()
            same((status, body["error"]), (404, f"there is no user {i}"))
        # Cut into bytes, two requests at once.
        for byte in ask("/users/7000001") + ask("/users/7000002"):
            sock.sendall(bytes([byte]))
        same([a.next()[2]["error"] for _ in range(2)],
             ["there is no user 7000001", "there is no user 7000002"])


def test_curl():
    if not shutil.which("curl"):
        raise Skip("there is no curl")
    with server() as s:
        base = f"http://127.0.0.1:{s.port}"
        run = lambda *args: subprocess.run(
            ["curl", "-sS", "-m", "10", *args], capture_output=True, text=True)
        r = run("-w", " %{http_code} %{num_connects}", "-H", "Content-Type: application/json",
                "-d", json.dumps({"name": "c", "email": email()}), f"{base}/users")
        same((r.stdout[-6:], r.stderr), (" 201 1", ""))
        r = run(*[f"{base}/healthz"] * 5, "-w", "%{num_connects}\n")
        same([int(l[-1]) for l in r.stdout.splitlines()], [1, 0, 0, 0, 0])
        r = run("--http2", "-w", "%{http_code}", "-o", "/dev/null", f"{base}/healthz")
        same(r.stdout, "200")


# ---- clients that mean no well -------------------------------------------------------------------

MALFORMED = [
    (400, b"garbage\r\n\r\n"),
    (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
    (400, b"\x00" * 100),
    (400, b"GET / HTTP/1.1\r\n\r\n"),
    (400, b"GET / HTTP/1.1\r\nHost x\r\n\r\n"),
    (400, b"GET / HTTP/1.1\r\nHost: x\r\nA\x00B: x\r\n\r\n"),
    (400, b"GET x HTTP/1.1\r\nHost: x\r\n\r\n"),
    (400, b"get / HTTP/1.1\r\nHost: x\r\n\r\n"),
    (400, b"GET / FTP/1.1\r\nHost: x\r\n\r\n"),
    (505, b"GET / HTTP/3.0\r\nHost: x\r\n\r\n"),
    (400, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    (400, b"POST /users HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n"),
    (400, b"POST /users HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"),
    (400, b"POST /users HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n"),
    (400, b"POST /users HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"
          b"hello"),
    (400, b"POST /users HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
          b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    (400, b"POST /users HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n"),
    (400, b"POST /users HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"),
    (414, b"GET /" + b"a" * 3000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"),
    (414, b"GET /" + b"a" * 100000),
    (431, b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 20000 + b"\r\n\r\n"),
    (431, b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 5000 + b"\r\n"),
    (431, b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A" * 1000000),
    (413, b"POST /users HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n" + b"x" * 5000),
    (413, b"POST /users HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999999\r\n\r\n"),
    (413, b"POST /users HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
          + b"400\r\n" + b"x" * 1024 + b"\r\n" + b"1000\r\n" + b"x" * 4096 + b"\r\n0\r\n\r\n"),
]


def test_malformed_requests():
    with server("--max-body", "4096") as s:
        s.health()
        before = s.descriptors()
        for wanted, data in MALFORMED:
            sock = s.connect()
            try:
                sock.sendall(data)
            except (ConnectionResetError, BrokenPipeError):
                pass
            a = Answers(sock)
            got = a.next()
            same((data[:70], got and got[0]), (data[:70], wanted))
            same((got[2]["status"], got[1]["connection"]), (wanted, "close"))
            same(a.next(), None)
            sock.close()
        # After a good request too.
        sock = s.send(ask("/healthz") + b"garbage\r\n\r\n")
        same(statuses(sock), [200, 400])
        s.at_rest()
        until(lambda: s.descriptors() <= before, "their descriptors are closed")


def test_too_large_an_upload_is_told():
    """The answer arrives though the client goes on sending."""
    with server("--max-body", "4096") as s:
        for size in (100000, 1000000):
            status, body, _ = s.post(b"x" * size)
            same((status, body["error"]), (413, "the body is too large"))


def test_slow_loris():
    with server("--read-timeout", "0.7") as s:
        request = ask("/users/1", "POST", "Content-Length: 100\r\n", b"x" * 50)
        slow = [s.send(request[:1 + 3 * i]) for i in range(40)]
        silent = [s.connect() for _ in range(10)]
        start = time.monotonic()
        stop = threading.Event()

        def dribble():
            n = 0
            while not stop.wait(0.05):
                for sock in slow:
                    with contextlib.suppress(OSError):
                        sock.send(b"x")
                n += 1

        t = threading.Thread(target=dribble)
        t.start()
        try:
            for sock in slow:
                got = Answers(sock).next()[0]
                check(got in (400, 408, 505), got)
            took = time.monotonic() - start
            check(0.5 < took < 5, f"it took {took:.1f} s")
        finally:
            stop.set()
            t.join()
        check(len(s.events("request", "status=408")) > 10, "408s are logged")
        for sock in slow + silent:
            sock.close()
        s.at_rest()


def test_others_are_served_meanwhile():
    with server("--read-timeout", "5") as s:
        slow = [s.send(b"GET / HT") for _ in range(200)]
        worst = 0
        for _ in range(50):
            start = time.monotonic()
            s.health()
            worst = max(worst, time.monotonic() - start)
        check(worst < 1, f"the slowest took {worst:.2f} s")
        for sock in slow:
            sock.close()
        s.at_rest()


def test_a_client_that_does_not_read():
    with server("--write-timeout", "0.5") as s:
        sock = s.connect()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        data = ask("/nothing") * 1000
        sock.settimeout(0.2)
        with contextlib.suppress(OSError):
            for _ in range(500):
                sock.sendall(data)
        until(lambda: s.health()["clients"] == 1, "it is dropped")
        check(s.event("request", f"bytes=-{110}"), "a write that took too long is logged")
        sock.close()
        s.at_rest()


def test_an_idle_client_is_let_go():
    with server("--idle-timeout", "0.3") as s:
        silent = s.connect()
        used = s.send(ask("/healthz"))
        a = Answers(used)
        same(a.next()[0], 200)
        same(a.next(), None)
        same(silent.recv(1), b"")


def test_half_close():
    with server() as s:
        # An answer that is ready within 50 ms arrives; later the client counts as gone.
        sock = s.send(ask("/users/1234567"))
        start = time.monotonic()
        sock.shutdown(socket.SHUT_WR)
        got = statuses(sock)
        check(got == [404] or got == [499] and time.monotonic() - start > 0.045, got)
        for request, wanted in ((ask("/nothing"), [404]),
                                (b"GET /users/1 HTTP/1.1\r\nHo", [400]),
                                (ask("/users", "POST", "Content-Length: 10\r\n", b"12345"), [400]),
                                (b"", []),
                                (ask("/slow?s=20"), [499])):
            sock = s.send(request)
            sock.shutdown(socket.SHUT_WR)
            start = time.monotonic()
            same((request[:40], statuses(sock)), (request[:40], wanted))
            check(time.monotonic() - start < 4)
        s.at_rest()


def test_resets():
    with server() as s:
        s.health()
        before = s.descriptors()
        for i in range(150):
            request = [b"", b"GET /heal", ask("/healthz"), ask("/slow?s=20"),
                       ask("/users", "POST", "Content-Length: 100\r\n", b"x"),
                       ask("/healthz") * 50][i % 6]
            reset(s.send(request))
        s.at_rest()
        # A pool may have opened its other connections meanwhile.
        more = CONNECTIONS - 1 if PG else 0
        until(lambda: s.descriptors() <= before + more, "their descriptors are closed")


# ---- contexts ------------------------------------------------------------------------------------


def test_a_client_that_leaves_stops_its_query():
    with server("--request-timeout", "60") as s:
        for leave in (reset, socket.socket.close):
            # As many as there are connections to the database: the next request needs one of them.
            socks = [s.send(ask("/slow?s=30")) for _ in range(CONNECTIONS)]
            until(s.busy, "the queries run")
            start = time.monotonic()
            for sock in socks:
                leave(sock)
            s.health()
            took = time.monotonic() - start
            check(took < 3, f"the next request took {took:.2f} s")
        until(lambda: len(s.events("request", "/slow", "status=499")) == 2 * CONNECTIONS,
              "they are logged")
        s.at_rest()


def test_a_deadline_stops_the_query():
    with server("--request-timeout", "0.3") as s:
        sock = s.send(ask("/slow?s=30") + ask("/users/1234567"))
        a = Answers(sock)
        start = time.monotonic()
        same(a.next()[0], 504)
        took = time.monotonic() - start
        check(0.2 < took < 3, f"it took {took:.2f} s")
        same(a.next()[0], 404)  # the connection, and the database's, go on
        # More than the database has connections: those that wait are told too.
        socks = [s.send(ask("/slow?s=30")) for _ in range(3 * CONNECTIONS)]
        same([Answers(x).next()[0] for x in socks], [504] * 3 * CONNECTIONS)
        same(s.health()["status"], "ok")


def test_many_at_once_none_lost():
    """1,000 requests at once over few connections to the database, each answered once."""
    with server() as s:
        location = s.post({"name": "x", "email": email()})[2]["Location"]
        socks = [s.connect(30) for _ in range(1000)]
        for i, sock in enumerate(socks):
            sock.sendall(ask(location if i % 2 else f"/users/{5000000 + i}"))
        for i, sock in enumerate(socks):
            a = Answers(sock)
            status, _, body = a.next()
            if i % 2:
                same((status, body["name"]), (200, "x"))
            else:
                same((status, body["error"]), (404, f"there is no user {5000000 + i}"))
            sock.shutdown(socket.SHUT_WR)
            same(a.next(), None)
            sock.close()
        s.at_rest()


def test_load():
    if not shutil.which("wrk"):
        raise Skip("there is no wrk")
    with server() as s:
        location = s.post({"name": "x", "email": email()})[2]["Location"]
        r = subprocess.run(["wrk", "-t1", "-c50", "-d1s", f"http://127.0.0.1:{s.port}{location}"],
                           capture_output=True, text=True)
        check("Non-2xx" not in r.stdout and "Socket errors" not in r.stdout and
              re.search(r"Requests/sec: +[1-9]", r.stdout), r.stdout + r.stderr)
        s.at_rest()


# ---- the end -------------------------------------------------------------------------------------


def test_sigterm_drains():
    with server(connections=1) as s:
        idle = s.send(ask("/healthz"))
        a = Answers(idle)
        same(a.next()[0], 200)
        silent = s.connect()
        running = s.send(ask("/slow?s=0.7") + ask("/healthz"))
        until(s.busy, "the query runs")
        s.terminate()
        until(lambda: s.event("stopping"), "it says so")
        same((a.next(), silent.recv(1)), (None, b""))  # at rest: closed at once
        b = Answers(running)
        status, headers, body = b.next()
        same((status, headers["connection"], body), (200, "close", {"slept": 0.7}))
        same(b.next(), None)  # the one behind it was not begun
        s.stop(0)
        check(s.event("stopped", "in_time=yes"), "it was in time")
        try:
            s.connect()
            check(False, "it still accepts")
        except ConnectionRefusedError:
            pass


def test_sigterm_does_not_drain_for_ever():
    with server("--drain", "0.3", status=1, connections=1) as s:
        running = s.send(ask("/slow?s=30"))
        half = s.send(b"GET /he")
        until(s.busy, "the query runs")
        start = time.monotonic()
        s.terminate()
        status, _, body = Answers(running).next()
        same((status, body["error"]), (503, "the service stops"))
        s.stop(1)
        took = time.monotonic() - start
        check(took < 5, f"it took {took:.2f} s")
        check(s.event("stopped", "in_time=no"), "it was not in time")
        half.close()


def test_wrong_options():
    def run(*args):
        r = subprocess.run([USERD, *args], capture_output=True, text=True, timeout=10)
        return r.returncode, r.stdout + r.stderr
    same(run("--nonsense")[0], 2)
    same(run("extra")[0], 2)
    same(run("--connections", "x")[0], 2)
    same(run("--help")[0], 0)
    for db, word in (("sqlite:/nonexistent/x", "No such file"), ("mysql:x", "neither"),
                     ("postgres://127.0.0.1:1/x?connect_timeout=2", "why=")):
        status, text = run("--db", db, "--listen", "127.0.0.1:0")
        check(status == 1 and word in text, text)
    with server() as s:
        with tempfile.TemporaryDirectory() as folder:
            status, text = run("--listen", f"127.0.0.1:{s.port}", "--db", f"sqlite:{folder}/x")
            check(status == 1 and "in use" in text, text)


# ---- size ----------------------------------------------------------------------------------------

IDLE = 10000


def test_10000_idle_connections():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < IDLE + 200:
        raise Skip(f"a process may open {hard} descriptors only")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with server() as s:
        for _ in range(200):
            s.health()
        before = s.memory()
        socks = []
        # Each has been served once, by all processors, and has come to rest.
        for i in range(IDLE):
            sock = s.connect()
            sock.sendall(ask("/users/1234567"))
            socks.append(sock)
            if i % 100 == 99:
                for sock in socks[-100:]:
                    check(sock.recv(4096).startswith(b"HTTP/1.1 404"))
        until(lambda: s.health()["goroutines"] <= IDLE + 4, "they are at rest")
        each = (s.memory() - before) / IDLE
        until(lambda: s.health()["clients"] == IDLE + 1, "all of them are connected")
        print(f"    {each:.0f} bytes each", file=sys.stderr)
        check(each <= 6 * 1024, f"{each:.0f} bytes each")
        for sock in socks:
            sock.close()
        s.at_rest()


# ---- PostgreSQL ----------------------------------------------------------------------------------


def psql(sql):
    return subprocess.run(["psql", "-XAtc", sql], capture_output=True, text=True,
                          env={**os.environ, "PGAPPNAME": "witness"}).stdout.strip()


def sleepers():
    return int(psql("select count(*) from pg_stat_activity where state = 'active' and "
                    "query like '%pg_sleep%' and application_name <> 'witness'"))


# When the last sleeper was gone, seen from within the server every two milliseconds.
GONE_AT = """do $$ begin
    while exists (select from pg_stat_activity where state = 'active' and query like '%pg_sleep%'
                  and application_name <> 'witness') loop
        perform pg_sleep(0.002), pg_stat_clear_snapshot();
    end loop;
    raise exception 'gone at % ', extract(epoch from clock_timestamp());
end $$"""


def test_pg_a_killed_client_stops_its_query():
    """The client is killed: within 200 ms the query is gone, and its connection serves the next."""
    with server("--request-timeout", "60", connections=1) as s:
        pids, worst = set(), 0
        for _ in range(5):
            client = subprocess.Popen(["curl", "-s", f"http://127.0.0.1:{s.port}/slow?s=30"],
                                      stdout=subprocess.DEVNULL)
            until(lambda: sleepers() == 1, "the query runs")
            pids.add(psql("select pid from pg_stat_activity where query like '%pg_sleep%' "
                          "and application_name <> 'witness'"))
            witness = subprocess.Popen(["psql", "-Xc", GONE_AT], stderr=subprocess.PIPE, text=True,
                                       env={**os.environ, "PGAPPNAME": "witness"})
            until(lambda: psql("select 1 from pg_stat_activity where query like 'do %'") == "1",
                  "the witness looks on")
            killed = time.time()
            client.kill()
            client.wait()
            said = witness.communicate(timeout=10)[1]
            took = float(re.search(r"gone at ([\d.]+)", said).group(1)) - killed
            worst = max(worst, took)
            same(s.health()["status"], "ok")
        print(f"    a query is gone {worst * 1000:.0f} ms after its client", file=sys.stderr)
        check(0 < worst < 0.2, f"it took {worst * 1000:.0f} ms")
        same(len(pids), 1)
        s.at_rest()


def test_pg_restarted_under_load():
    """While the server is restarted requests fail with clear errors, and then they do not."""
    if "USERD_TEST_RESTART" not in os.environ:
        raise Skip("USERD_TEST_RESTART names no program that restarts the server")
    with server() as s:
        location = s.post({"name": "x", "email": email()})[2]["Location"]
        got, wrong, stop = [], [], threading.Event()

        def load():
            while not stop.is_set():
                try:
                    got.append(s.get(location, timeout=20))
                except Exception as error:  # no answer at all
                    wrong.append(error)

        threads = [threading.Thread(target=load) for _ in range(8)]
        for t in threads:
            t.start()
        until(lambda: len(got) > 100, "requests are served")
        restart = subprocess.run([os.environ["USERD_TEST_RESTART"]], stdin=subprocess.DEVNULL)
        same(restart.returncode, 0)
        until(lambda: {status for status, _ in got[-100:]} == {200}, "requests are served again")
        stop.set()
        for t in threads:
            t.join()
        same(wrong, [])
        same({status for status, _ in got}, {200, 503})
        for status, body in got:
            if status == 503:
                same(body["error"], "the database does not answer")
        check(s.event("database", "what=get"), "the trouble is logged")
        s.at_rest()


def test_pg_plain_libpq_stops_nobody():
    """PQexec() in 40 goroutines with two processors: the others go on."""
    if "USERD_TEST_WEFT" not in os.environ:
        raise Skip("USERD_TEST_WEFT does not name the weft command")
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "plain_pq.c")
    include = subprocess.run(["pg_config", "--includedir"], capture_output=True, text=True).stdout
    r = subprocess.run([os.environ["USERD_TEST_WEFT"], "run", f"-I{include.strip()}", source],
                       capture_output=True, text=True, env={**os.environ, "WEFT_PROCS": "2"})
    check(r.returncode == 0, r.stdout + r.stderr)
    goroutine, thread = map(int, r.stdout.split())
    print(f"    worst gap {goroutine} ms, a thread's {thread} ms", file=sys.stderr)
    if thread > 20:
        raise Skip(f"the machine is too busy to tell: even a thread has no turn for {thread} ms")
    check(goroutine < 50 + thread, f"{goroutine} ms without a turn, a thread {thread} ms")


def main():
    failed = False
    wanted = sys.argv[3:]
    for name, test in list(globals().items()):
        if not name.startswith("test_") or (wanted and name not in wanted):
            continue
        about_pg = name.startswith("test_pg")
        if about_pg != PG and (about_pg or name not in ALSO_PG):
            continue
        label = f"userd: {name[5:].replace('_', ' ')}" + (" (postgres)" if PG else "")
        start = time.monotonic()
        try:
            test()
        except Skip as why:
            print(f"SKIP {label}: {why}")
            continue
        except Exception as error:  # a test that cannot go on has failed
            failed = True
            print(f"FAIL {label}")
            for line in traceback.format_exc().strip().splitlines()[-8:]:
                print(f"    {line}")
            continue
        print(f"ok {label} ({time.monotonic() - start:.1f} s)")
        sys.stdout.flush()
    return 1 if failed else 0


# What is about the database, and so is worth a second look with the other one.
ALSO_PG = {"test_up_in_a_second", "test_users_come_and_are_found", "test_errors_are_json",
           "test_resets", "test_a_client_that_leaves_stops_its_query",
           "test_a_deadline_stops_the_query", "test_many_at_once_none_lost", "test_sigterm_drains"}

if __name__ == "__main__":
    sys.exit(main())
