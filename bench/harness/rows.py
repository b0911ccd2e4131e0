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
    ratio_one: dict = field(default_factory=dict)  # the same for one processor, where it differs
    limit: float = None  # what weft may take at most, in the row's unit
    must: dict = field(default_factory=dict)  # what weft's line must say besides, for the limit
    at_most: dict = field(default_factory=dict)  # key of weft's line: the most in any round
    langs: tuple = ("weft", "go")
    counts: dict = field(default_factory=dict)  # language: its own count
    procs: tuple = (2, 1)  # processors
    metric: str = "ns_per_op"  # the key of the result line that is compared
    unit: str = "ns"
    info: tuple = ()  # further keys of the result line worth showing
    memory: int = 0  # bytes that must be free for a full run
    section: str = ""  # under which heading it is shown
    how: str = None  # not a workload program, but measured from outside by launch.py: its kind
    readme: bool = False  # one of those the README shows

    def goal(self, lang, procs):
        """What weft must reach against a language, or None."""
        return (self.ratio_one if procs == 1 else {}).get(lang, self.ratio.get(lang))

    def is_cost(self):
        """Whether it tells what an operation costs: not a lateness, a size, or the whole program."""
        return self.metric == "ns_per_op" and self.how is None


THREE = ("weft", "go", "tokio")
FOUR = THREE + ("boost",)
FIVE = FOUR + ("pthread",)
PTHREAD = THREE + ("pthread",)


def faster(go=0.5, tokio=0.8):
    return {"go": go, "tokio": tokio}


def switching():
    shapes = ((1, 1), (4, 4), (64, 1), (1, 64))
    yield Row("yield", "switch", "yield", 400_000, 1_000, ratio=faster(0.25),
              langs=FIVE, readme=True)
    yield Row("roundtrip", "switch", "unbuffered round trip", 400_000, 1_000, ratio=faster(0.3),
              langs=FIVE, counts={"pthread": 5_000}, readme=True)
    yield Row("ring", "switch", "thread ring of 503", 600_000, 1_000, ratio=faster(), langs=FOUR)
    yield Row("chameneos", "switch", "chameneos-redux, ten creatures", 150_000, 1_000,
              ratio=faster(), langs=THREE)
    yield Row("buffered", "chan", "buffered send + receive, one goroutine", 2_000_000, 1_000,
              ratio=faster(), langs=THREE)
    for capacity in (0, 1, 10, 128):
        for producers, consumers in shapes:
            pthread = ("pthread",) if capacity else ()
            boost = ("boost",) if capacity in (0, 128) else ()
            few = {}
            if capacity == 0 and producers != consumers:
                few = {"boost": 30_000}
            elif capacity and (capacity < 128 or producers != consumers):
                few = {"pthread": 10_000}
            yield Row(f"pc{capacity}_{producers}x{consumers}", "chan",
                      f"{producers} producers, {consumers} consumers, {capacity} slots",
                      1_000_000 if capacity == 128 else 300_000, 1_000, ratio=faster(),
                      langs=THREE + boost + pthread, counts=few,
                      readme=(capacity, producers) == (128, 1) and consumers == 1)
    yield Row("pipeline", "pipeline", "pipeline of 1,000 stages, each hop", 800, 10,
              ratio=faster(), langs=FOUR, readme=True)
    yield Row("sieve", "pipeline", "prime sieve to the 2,000th, each prime", 2_000, 20,
              ratio=faster(), langs=THREE, readme=True)


def selecting():
    yield Row("select2", "select", "select over two channels", 300_000, 1_000,
              ratio=faster(0.3), langs=THREE, readme=True)
    yield Row("select8", "select", "over eight", 200_000, 1_000, ratio=faster(), langs=THREE)
    yield Row("select64", "select", "over 64", 50_000, 1_000, ratio=faster(), langs=THREE)
    yield Row("selectctx", "select", "over a channel and a context", 300_000, 1_000,
              ratio=faster(), langs=THREE)
    yield Row("selecttimeout", "select", "over a channel and a timeout", 200_000, 1_000,
              ratio=faster(), langs=THREE)
    yield Row("selectdefault", "select", "with default", 2_000_000, 1_000, ratio=faster(),
              langs=THREE)
    yield Row("selectbusy", "select", "four senders and four receivers over four", 100_000, 1_000,
              ratio=faster(), langs=THREE)


def spawning():
    yield Row("spawn", "spawn", "spawn, run, join", 300_000, 1_000, ratio=faster(0.3),
              ratio_one={"go": 0.25}, langs=FIVE, counts={"pthread": 3_000}, readme=True)
    yield Row("fanout", "spawn", "1,000 at once, each", 300_000, 1_000, ratio=faster(),
              langs=FIVE, counts={"pthread": 10_000, "boost": 50_000}, readme=True)
    yield Row("spawnall", "spawn", "from four goroutines, each", 300_000, 1_000, ratio=faster(),
              langs=FOUR, counts={"boost": 30_000})
    yield Row("skynet", "spawn", "skynet, each of a million leaves", 1_000_000, 1_000,
              ratio=faster(), langs=THREE, memory=7 << 30, readme=True)
    yield Row("fib", "spawn", "fib(27), each fork and join", 27, 10, ratio=faster(), langs=THREE,
              readme=True)
    yield Row("group", "group", "group of 100 members, each", 150_000, 1_000, ratio=faster(),
              langs=THREE)
    yield Row("parked", "parked", "a million parked goroutines, bytes each", 1_000_000, 1_000,
              limit=4_700, must={"guarded": "yes"}, procs=(2,), metric="bytes", unit="bytes",
              langs=THREE, info=("spawn_ns", "wake_ns", "guarded"), memory=7 << 30, readme=True)
    yield Row("unrun", "parked", "a million that have not run yet, bytes each", 1_000_000, 1_000,
              limit=256, procs=(1,), metric="bytes", unit="bytes", langs=THREE, memory=4 << 30)


def synchronising():
    yield Row("mutex", "mutex", "mutex, uncontended", 5_000_000, 1_000, ratio=faster(),
              langs=FIVE, procs=(2,), readme=True)
    for work in ("", "w100", "w1000"):
        for n in (2, 8, 64):
            count = {"": 2_000_000, "w100": 300_000, "w1000": 50_000}[work]
            doing = f", {work[1:]} ns of work inside and outside" if work else ""
            # With work in it most of the time is that work, the same in all: look at how far from 1.
            yield Row(f"mutex{n}{work}", "mutex", f"mutex, wanted by {n}{doing}", count, 1_000,
                      ratio=faster(), langs=FIVE, info=() if work else ("longest_ms",),
                      at_most={} if work else {"longest_ms": 50},
                      readme=n != 2 and work == "")
    for percent in (0, 1, 10):
        yield Row(f"rwmutex{percent}", "rwmutex", f"rwmutex, 8 goroutines, {percent} % writes",
                  1_000_000, 1_000, ratio=faster(), langs=PTHREAD, readme=percent == 1)
    yield Row("once", "once", "once, done already", 50_000_000, 1_000, ratio=faster(),
              langs=PTHREAD, procs=(2,))
    yield Row("wg", "sync", "wait group, add and done by four", 1_000_000, 1_000, ratio=faster(),
              langs=THREE)
    yield Row("sem", "sync", "semaphore of 4, wanted by 8", 1_000_000, 1_000, ratio=faster(),
              langs=PTHREAD)
    yield Row("cond", "sync", "condition, broadcast to 8, each", 300_000, 1_000, ratio=faster(),
              langs=FIVE, counts={"pthread": 10_000})
    yield Row("ctx", "context", "context: make, cancel, drop", 500_000, 1_000, ratio=faster(),
              langs=THREE, procs=(2,))
    yield Row("ctxchild", "context", "the same below a cancellable one", 500_000, 1_000,
              ratio=faster(), langs=THREE, procs=(2,))
    yield Row("ctxtree", "context", "cancel a tree of 10,000, each", 200_000, 1_000,
              ratio=faster(), langs=THREE, procs=(2,))


def timing():
    late = {"unit": "us", "info": ("p50_us", "p99_us", "p999_us"), "langs": THREE}
    yield Row("timerstop", "timer", "a million calls armed, then stopped, each", 1_000_000, 1_000,
              ratio={"tokio": 0.8}, langs=THREE, procs=(2,))
    yield Row("timerreset", "timer", "reset of a timer", 2_000_000, 1_000, ratio={"tokio": 0.8},
              langs=THREE, procs=(2,))
    yield Row("sleepers", "timer", "100,000 sleepers, 99th percentile of their lateness", 100_000,
              100, ratio=faster(go=1), metric="p99_us", readme=True, **late)
    yield Row("ticker", "timer", "ticks of a millisecond, median lateness", 300, 10,
              ratio={"tokio": 0.8}, metric="p50_us", procs=(2,),
              **dict(late, info=late["info"] + ("drift_us",)))


def scaling():
    yield Row("imbalance", "scale", "jobs of unequal length from one goroutine, each", 200_000,
              1_000, ratio={"tokio": 0.8}, langs=THREE)
    yield Row("outside", "scale", "values from a thread outside the runtime", 300_000, 1_000,
              ratio={"tokio": 0.8}, langs=THREE)
    yield Row("wakebusy", "scale", "wake-up while all processors compute, median lateness", 30, 3,
              ratio={"tokio": 0.8}, langs=PTHREAD, metric="p50_us", unit="us",
              info=("p99_us",), readme=True)


def starting():
    everybody = ("weft", "go", "tokio", "boost", "pthread")
    yield Row("startup", "empty", "start and end of an empty program", 100, 2, how="startup",
              ratio={"tokio": 0.8}, langs=everybody, unit="us", metric="us", procs=(2,),
              readme=True)
    yield Row("size", "empty", "its size, without symbols", 1, 1, how="size", ratio={"tokio": 0.8},
              langs=everybody, unit="KiB", metric="kib", procs=(2,))
    yield Row("compile", "empty", "its making, the libraries being there", 1, 1, how="compile",
              ratio={"tokio": 0.8}, langs=everybody, unit="ms", metric="ms", procs=(2,))
    yield Row("digest", "digest", "SHA-256 of every file below /usr", 1, 1, how="digest",
              ratio={"tokio": 0.8}, langs=("weft", "go", "tokio", "xargs"), unit="ms",
              metric="ms", procs=(2,), readme=True)


SECTIONS = (
    ("Switching", switching), ("Select", selecting), ("Spawn", spawning),
    ("Sync", synchronising), ("Timers", timing), ("Scaling", scaling),
    ("Start and whole programs", starting),
)


def all_rows():
    for section, rows in SECTIONS:
        for row in rows():
            yield Row(**{**row.__dict__, "section": section})


ROWS = tuple(all_rows())

# Rows of which the second may cost at most three times the first: nothing collapses.
STEADY = tuple((f"mutex2{work}", f"mutex64{work}") for work in ("", "w100", "w1000"))
STEADY_TIMES = 3

# The geometric mean over all rows that tell a cost.
GEOMEAN = {"go": 0.33, "tokio": 0.5}
