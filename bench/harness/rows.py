# SPDX-License-Identifier: MIT
"""The rows of the benchmark: what is run, how often, and what weft must reach.

A row is one workload.  `subject` names the program that holds it, in each
language of `langs`; how a subject becomes a file is runtimes.py's business.
`count` is chosen so that a run lasts some tenths of a second in the slowest
language; one that is slower by far has a count of its own in `counts`, and then
only the smoke run can see whether it does the same work.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Row:
    name: str
    subject: str
    title: str
    count: int
    smoke: int  # the count that only shows that it works
    ratio: dict = field(default_factory=dict)  # language: weft takes at most this times as much
    limit: float = None  # what weft may take at most, in the row's unit
    must: dict = field(default_factory=dict)  # what weft's line must say besides, for the limit
    at_most: dict = field(default_factory=dict)  # key of weft's line: the most in any round
    langs: tuple = ("weft", "go")
    counts: dict = field(default_factory=dict)  # language: its own count
    procs: tuple = (2, 1)  # processors; the goals count for the first
    metric: str = "ns_per_op"  # the key of the result line that is compared
    unit: str = "ns"
    info: tuple = ()  # further keys of the result line worth showing
    memory: int = 0  # bytes that must be free for a full run


def contended(name, title):
    """A mutex that many want.  With one processor nobody would get in another's way."""
    return Row(name, "mutex", title, 30_000_000, 1_000, ratio={"go": 0.7},
               at_most={"longest_ms": 50}, langs=("weft", "go", "pthread"), procs=(2,),
               info=("longest_ms",))


ROWS = (
    Row("yield", "switch", "yield", 5_000_000, 1_000, ratio={"go": 0.25}),
    Row("roundtrip", "switch", "unbuffered round trip", 2_000_000, 1_000, ratio={"go": 0.3}),
    Row("spawn", "spawn", "spawn, run, join", 2_000_000, 1_000, ratio={"go": 0.3}),
    Row("buffered", "chan", "buffered send + receive, one goroutine", 20_000_000, 1_000,
        ratio={"go": 0.5}),
    Row("prodcons", "chan", "producer/consumer, buffer 128", 10_000_000, 1_000,
        ratio={"go": 0.5}),
    Row("select2", "select", "select over two channels", 3_000_000, 1_000, ratio={"go": 0.3}),
    Row("selectctx", "select", "select over a channel and a context", 3_000_000, 1_000,
        ratio={"go": 0.6}),
    Row("mutex", "mutex", "mutex, uncontended", 50_000_000, 1_000, ratio={"go": 0.6},
        langs=("weft", "go", "pthread")),
    contended("mutex2", "mutex, wanted by 2"),
    contended("mutex8", "mutex, wanted by 8"),
    contended("mutex64", "mutex, wanted by 64"),
    Row("rwmutex", "rwmutex", "rwmutex, 8 goroutines, 1 % writes", 4_000_000, 1_000,
        ratio={"go": 0.6}, langs=("weft", "go", "pthread"), procs=(2,)),
    Row("once", "once", "once, done already", 200_000_000, 1_000, ratio={"go": 0.6},
        langs=("weft", "go", "pthread"), procs=(2,)),
    Row("fanout", "spawn", "launch 1,000 and wait for them, each", 2_000_000, 1_000,
        ratio={"go": 0.6}, langs=("weft", "go", "pthread"), counts={"pthread": 20_000}),
    Row("ctx", "context", "context: make, cancel, drop", 2_000_000, 1_000, ratio={"go": 0.6},
        procs=(2,)),
    Row("ctxchild", "context", "the same below a cancellable one", 2_000_000, 1_000,
        ratio={"go": 0.6}, procs=(2,)),
    Row("ctxtree", "context", "cancel a tree of 10,000, each", 1_000_000, 1_000,
        ratio={"go": 0.6}, procs=(2,)),
    Row("group", "group", "group of 100 members, each", 2_000_000, 1_000, ratio={"go": 0.6}),
    Row("parked", "parked", "a million parked goroutines, bytes each", 1_000_000, 1_000,
        limit=4_700, must={"guarded": "yes"}, procs=(2,), metric="bytes", unit="bytes",
        info=("spawn_ns", "wake_ns", "guarded"), memory=7 << 30),
)
