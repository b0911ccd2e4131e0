# SPDX-License-Identifier: MIT
"""Measure a program from outside: launch.py KIND COUNT COMMAND...

  startup  run the command COUNT times, one after the other
  size     the command is a file: its size without symbols
  compile  run the command, which makes a program from a file
  digest   run the command and make the checksum of what it prints

Prints a line as the workload programs do.  What launching costs here is in
every language's figure alike.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import time


def wait_for(pid, command):
    _, status = os.waitpid(pid, 0)
    if status != 0:
        sys.exit(f"{command[0]}: ended with status {status}")


def spawn(command, **how):
    wait_for(os.posix_spawnp(command[0], command, os.environ, **how), command)


def startup(count, command):
    spawn(command)  # from now on it is in memory
    start = time.monotonic_ns()
    for _ in range(count):
        spawn(command)
    return count, time.monotonic_ns() - start, count


def size(_, command):
    with tempfile.TemporaryDirectory() as folder:
        bare = os.path.join(folder, "bare")
        subprocess.run(["strip", "-s", "-o", bare, command[0]], check=True)
        return 1, 1, 1, f"kib={os.path.getsize(bare) / 1024:.1f}"


def compile_once(_, command):
    start = time.monotonic_ns()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)
    elapsed = time.monotonic_ns() - start
    if done.returncode != 0:
        sys.exit(done.stdout)
    return 1, elapsed, 1


def digest(_, command):
    with tempfile.TemporaryFile() as out:
        start = time.monotonic_ns()
        spawn(command, file_actions=[(os.POSIX_SPAWN_DUP2, out.fileno(), 1)])
        elapsed = time.monotonic_ns() - start
        out.seek(0)
        text = out.read()
    checksum = int.from_bytes(hashlib.sha256(text).digest()[:7], "little")
    return text.count(b"\n"), elapsed, checksum


KINDS = {"startup": startup, "size": size, "compile": compile_once, "digest": digest}


def main():
    kind, count, command = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    ops, elapsed, checksum, *more = KINDS[kind](count, command)
    more = more or [f"us={elapsed / count / 1e3:.1f} ms={elapsed / 1e6:.3f}"]
    print(f"row={kind} ops={ops} ns_per_op={elapsed / ops:.3f} checksum={checksum} {more[0]}")


if __name__ == "__main__":
    main()
