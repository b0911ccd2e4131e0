# SPDX-License-Identifier: MIT
"""Run one workload program once, and keep the samples of many such runs."""

import math
import os
import signal
import statistics
import subprocess

# What would change a runtime's behaviour behind our back.
FOREIGN_SETTINGS = ("WEFT_", "GOMAXPROCS", "GODEBUG", "GOGC", "GOMEMLIMIT", "GOTRACEBACK",
                    "TOKIO_", "MALLOC_", "GLIBC_TUNABLES", "LD_PRELOAD")


class Failure(Exception):
    """A run gave no usable result.  `output` is all that the program printed."""

    def __init__(self, reason, output=""):
        super().__init__(reason)
        self.output = output


def clean_environment(settings):
    env = {k: v for k, v in os.environ.items() if not k.startswith(FOREIGN_SETTINGS)}
    env.update(settings)
    return env


def end_group(process):
    """End a program that we started in a group of its own, and collect what it printed.

    SIGQUIT first: weft and Go answer it with the stacks of all goroutines,
    which is what one wants to see of a program that hangs.
    """
    for sig, patience in ((signal.SIGQUIT, 5), (signal.SIGKILL, None)):
        try:
            os.killpg(process.pid, sig)
        except ProcessLookupError:
            pass
        try:
            return process.communicate(timeout=patience)
        except subprocess.TimeoutExpired:
            pass
    return "", ""


def number(text):
    """A finite number as float; anything else stays the text it is."""
    try:
        value = float(text)
    except ValueError:
        return text
    return value if math.isfinite(value) else text


def parse(text, row, metric):
    """The result line as a dictionary, numbers as numbers; Failure when it is not one."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) != 1:
        raise Failure(f"printed {len(lines)} lines instead of one result line", text)
    pairs = dict(word.split("=", 1) for word in lines[0].split() if "=" in word)
    if pairs.get("row") != row:
        raise Failure(f"the result line is not of row {row}: {lines[0][:200]}", text)
    # The checksum stays text: it is compared, never computed with.
    values = {k: v if k in ("row", "checksum") else number(v) for k, v in pairs.items()}
    for key in ("ops", "ns_per_op", metric):
        if not isinstance(values.get(key), float):
            raise Failure(f"no number for {key} in the result line: {lines[0][:200]}", text)
    if not values.get("checksum") or values["ops"] < 1 or values["ns_per_op"] <= 0:
        raise Failure(f"not a sensible result line: {lines[0][:200]}", text)
    return values


def run_once(command, row, metric, settings, cpus, timeout):
    """Run a program pinned to `cpus` and return its result line's values."""
    def pin():
        os.sched_setaffinity(0, cpus)
        # A shell's background job ignores it, and so would all that we start.
        signal.signal(signal.SIGQUIT, signal.SIG_DFL)

    try:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   stdin=subprocess.DEVNULL, text=True, errors="replace",
                                   env=clean_environment(settings), start_new_session=True,
                                   preexec_fn=pin)
    except (OSError, subprocess.SubprocessError) as e:
        raise Failure(f"{command[0]}: {e}") from e
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        out, err = end_group(process)
        raise Failure(f"no end within {timeout:g} s", out + err) from None
    except KeyboardInterrupt:
        end_group(process)
        raise
    if process.returncode < 0:
        raise Failure(f"killed by {signal.Signals(-process.returncode).name}", out + err)
    if process.returncode > 0:
        raise Failure(f"exit status {process.returncode}", out + err)
    return parse(out, row, metric)


class Cell:
    """The samples of one row in one language with one number of processors."""

    def __init__(self, metric):
        self.metric = metric
        self.samples = []
        self.failure = None

    def values(self, key=None):
        return [s[key or self.metric] for s in self.samples if key is None or key in s]

    def median(self, key=None):
        return statistics.median(self.values(key))

    def good(self):
        return bool(self.samples) and not self.failure


def disagreement(cells):
    """What differs between runs that must do the same work, or None.

    `cells` maps a language to its Cell.
    """
    seen = {}
    for name, cell in cells.items():
        for sample in cell.samples:
            seen.setdefault((sample["checksum"], sample["ops"]), name)
    if len(seen) <= 1:
        return None
    return "different work: " + ", ".join(
        f"{name} has checksum {checksum} of {ops:.0f} operations"
        for (checksum, ops), name in seen.items())
