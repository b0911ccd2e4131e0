# SPDX-License-Identifier: MIT
"""bench/run: build every workload in every language, run them in turn, report.

The runs of a row stand side by side, weft, Go, weft, Go, …, so that a machine
that gets slower or busier meanwhile does so for all of them.
"""

import argparse
import os
import re
import signal
import sys

import measure
import plot
import report
import runtimes
from rows import ROWS

LAUNCH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "launch.py")

HELP = """\
Measure weft and others side by side and compare with the goals.

environment:
  ROWS="yield mutex"   only these rows (default: all; --list names them)
  LANGS="weft go"      only these languages (default: all that are there)
  BENCH_ROUNDS=7       how often each row is run in each language
  BENCH_CPUS=0,1       the CPUs to run on (default: the first that are allowed)
  BENCH_TIMEOUT=120    seconds after which a run counts as failed
  BENCH_DIGEST=/usr    the folder that the row digest reads
  CC=gcc, CXX=g++      the compilers

A run of all rows in at least 7 rounds writes bench/RESULTS.md, the plots beside it
and the table in README.md, any other one BUILD_DIR/bench/RESULTS.md and plots there;
all samples go to BUILD_DIR/bench/results.json.
The exit status is 1 when something failed; a goal that is missed is no failure.
"""

FULL_ROUNDS = 7


def die(text):
    print(f"bench/run: {text}", file=sys.stderr)
    sys.exit(1)


class Parser(argparse.ArgumentParser):
    def error(self, message):
        die(message + " (see bench/run --help)")


def options():
    parser = Parser(prog="bench/run", description=HELP, allow_abbrev=False,
                    formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true",
                        help="run each once with a tiny count: does it work?")
    parser.add_argument("--list", action="store_true", help="name the rows and stop")
    parser.add_argument("build_dir", metavar="BUILD_DIR", nargs="?", default="build",
                        help="where libweft.a is (default: build)")
    return parser.parse_args()


def positive(name, default):
    text = os.environ.get(name) or str(default)
    if not text.isdecimal() or int(text) < 1:
        die(f"{name}={text}: must be a number above zero")
    return int(text)


def chosen(variable, known):
    """The names that an environment variable selects, in our order; all when it is empty."""
    wanted = (os.environ.get(variable) or "").replace(",", " ").split()
    for name in wanted:
        if name not in known:
            die(f"{variable}: there is no '{name}'; there are: {' '.join(known)}")
    return [name for name in known if not wanted or name in wanted]


def usable_cpus():
    allowed = sorted(os.sched_getaffinity(0))
    wanted = (os.environ.get("BENCH_CPUS") or "").replace(",", " ").split()
    for cpu in wanted:
        if not cpu.isdecimal() or int(cpu) not in allowed:
            die(f"BENCH_CPUS: CPU '{cpu}' is not one of those allowed: "
                f"{' '.join(map(str, allowed))}")
    return [int(cpu) for cpu in wanted] or allowed


class Bench:
    def __init__(self, build_dir, smoke):
        self.out = os.path.join(build_dir, "bench")
        self.smoke = smoke
        self.rounds = 1 if smoke else positive("BENCH_ROUNDS", FULL_ROUNDS)
        self.timeout = positive("BENCH_TIMEOUT", 60 if smoke else 120)
        self.cpus = usable_cpus()
        row_names = chosen("ROWS", [row.name for row in ROWS])
        self.rows = [row for row in ROWS if row.name in row_names]
        known = runtimes.all_runtimes(build_dir)
        lang_names = chosen("LANGS", [r.name for r in known])
        self.complete = (len(self.rows) == len(ROWS) and len(lang_names) == len(known) and
                         self.rounds >= FULL_ROUNDS)
        self.notes = []  # what is left out or should be known
        self.runtimes = []
        for runtime in known:
            if not any(runtime.name in row.langs for row in self.rows):
                continue  # an empty column
            why = runtime.missing() if runtime.name in lang_names else "not in LANGS"
            if why is None:
                self.runtimes.append(runtime)
            else:
                self.notes.append(f"{runtime.name} is left out: {why}")
        if not self.runtimes:
            die("; ".join(["no language to run"] + self.notes))
        weft = known[0]
        if weft.name in lang_names and weft.missing():
            die(weft.missing())
        if weft in self.runtimes and not os.path.exists(weft.library):
            die(f"{weft.library}: not there; build the library first (make)")
        self.programs = {}  # (language, subject): path, or the BuildError
        os.makedirs(self.out, exist_ok=True)

    def show_progress(self, text):
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\033[K{text}")
            sys.stderr.flush()

    def command(self, runtime, row, program):
        """What is run for a row, as a list of words."""
        if row.how is None:
            return [program, row.name, str(self.count_of(row, runtime.name))]
        what = [program]
        if row.how == "compile":
            what = runtime.compile_command()
        elif row.how == "digest":
            what.append(os.path.join(runtimes.ROOT, "include") if self.smoke else
                        os.environ.get("BENCH_DIGEST") or "/usr")
        return [sys.executable, LAUNCH, row.how, str(self.count_of(row, runtime.name)), *what]

    def build(self):
        for runtime in self.runtimes:
            subjects = {row.subject for row in self.rows if runtime.name in row.langs}
            for subject in sorted(subjects):
                self.show_progress(f"building {runtime.name} {subject}")
                try:
                    self.programs[runtime.name, subject] = runtime.build(subject)
                except runtimes.BuildError as e:
                    self.programs[runtime.name, subject] = e
        self.show_progress("")

    def procs_of(self, row):
        """The numbers of processors to run a row with; no more than there are CPUs."""
        return list(dict.fromkeys(min(p, len(self.cpus)) for p in row.procs))

    def count_of(self, row, lang):
        return row.smoke if self.smoke else row.counts.get(lang, row.count)

    def too_big(self, row):
        free = report.first_match("/proc/meminfo", r"^MemAvailable:\s*(\d+)")
        if not self.smoke and free and int(free) * 1024 < row.memory:
            return f"needs {row.memory >> 30} GiB of free memory, there are {int(free) >> 20}"
        return None

    def keep_failure(self, runtime, row, procs, failure):
        """Keep what a failed run printed, and say in one line what happened."""
        path = os.path.join(self.out, f"failed-{runtime.name}-{row.name}-{procs}.txt")
        with open(path, "w", encoding="utf-8") as f:
            f.write(f"{failure}\n\n{failure.output}")
        lines = [line.strip() for line in failure.output.splitlines() if line.strip()]
        telling = [line for line in lines if re.search("error|undefined|panic", line)] or lines
        return f"{failure}{': ' + telling[0][:200] if telling else ''} (all of it in {path})"

    def run_cell(self, runtime, row, procs, cell):
        """One more sample for a cell, unless it has failed before."""
        if cell.failure:
            return
        program = self.programs[runtime.name, row.subject]
        try:
            if isinstance(program, runtimes.BuildError):
                raise measure.Failure("does not build", str(program))
            cell.samples.append(measure.run_once(
                self.command(runtime, row, program), row.name, row.metric,
                runtime.environment(procs), self.cpus[:procs], self.timeout))
        except runtimes.BuildError as error:
            cell.failure = self.keep_failure(
                runtime, row, procs, measure.Failure("does not build", str(error)))
        except measure.Failure as failure:
            cell.failure = self.keep_failure(runtime, row, procs, failure)

    def disagreement(self, row, cells):
        """What differs between runs that were given the same count, or None."""
        by_count = {}
        for lang, cell in cells.items():
            by_count.setdefault(self.count_of(row, lang), {})[lang] = cell
        found = [measure.disagreement(same) for same in by_count.values()]
        return next((text for text in found if text), None)

    def run_row(self, row, procs):
        taking_part = [r for r in self.runtimes if r.name in row.langs]
        cells = {r.name: measure.Cell(row.metric) for r in taking_part}
        measured = report.Measured(row, procs, cells)
        measured.left_out = self.too_big(row)
        if row.how == "digest" and not self.smoke and not measured.left_out:
            # The first one would read from the disk, and the others from memory.
            self.show_progress(f"{row.name}: reading once")
            self.run_cell(taking_part[0], row, procs, measure.Cell(row.metric))
        for i in range(0 if measured.left_out else self.rounds):
            for runtime in taking_part:
                self.show_progress(f"{row.name}, P {procs}: round {i + 1} of {self.rounds}, "
                                   f"{runtime.name}")
                self.run_cell(runtime, row, procs, cells[runtime.name])
        self.show_progress("")
        measured.problem = self.disagreement(row, cells)
        return measured

    def run_all(self, show):
        results = []
        for row in self.rows:
            for procs in self.procs_of(row):
                results.append(self.run_row(row, procs))
                show(results[-1])
                sys.stdout.flush()
        return results

    def facts(self):
        cpus = ",".join(map(str, self.cpus))
        facts = [r.version() for r in self.runtimes]
        facts.append(f"{self.rounds} rounds, interleaved, on CPUs {cpus} (the first P of them)")
        load = os.getloadavg()[0]
        if load > 0.5:
            facts.append(f"the machine was not idle at the start (load {load:.1f}): "
                         "expect wide spreads")
        return facts + self.notes

    def commands(self):
        """What one would type to repeat a run by hand, for the first number of processors."""
        lines = []
        for row in self.rows:
            procs = self.procs_of(row)[0]
            cpus = ",".join(map(str, self.cpus[:procs]))
            for r in self.runtimes:
                program = self.programs.get((r.name, row.subject))
                if r.name in row.langs and isinstance(program, str) and row.how != "compile":
                    settings = " ".join(f"{k}={v}" for k, v in r.environment(procs).items())
                    command = [os.path.relpath(word) if os.path.isabs(word) and
                               word.startswith(runtimes.ROOT) else word
                               for word in self.command(r, row, program)]
                    if row.how:
                        command[0] = "python3"
                    lines.append(f"{settings} taskset -c {cpus} {' '.join(command)}".strip())
        return lines

    def write(self, results, facts):
        """RESULTS.md, the plots beside it, all samples, and after a complete run the README."""
        folder = runtimes.BENCH if self.complete else self.out
        files = {
            os.path.join(folder, "RESULTS.md"): report.markdown(
                results, [r.name for r in self.runtimes], facts, self.commands()),
            os.path.join(folder, "ratio.svg"): plot.ratios(results),
            os.path.join(folder, "scale.svg"): plot.scales(results),
            os.path.join(self.out, "results.json"): report.raw(results, facts),
        }
        readme = os.path.join(runtimes.ROOT, "README.md")
        if self.complete:
            files[readme] = report.into_readme(runtimes.read(readme), results)
        for path, text in files.items():
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
        return os.path.relpath(os.path.join(folder, "RESULTS.md"))


def smoke(bench):
    def show(m):
        print(f"{'FAILED' if m.failed() else 'ok':<7}{m.row.name}, P {m.procs}: "
              f"{', '.join(m.cells)}")
        for lang, cell in m.cells.items():
            if cell.failure:
                print(f"       {lang}: {cell.failure}")
        if m.problem:
            print(f"       {m.problem}")

    for note in bench.notes:
        print(note)
    bench.build()
    return bench.run_all(show)


def full(bench):
    facts = bench.facts()
    table = report.Table([r.name for r in bench.runtimes])
    print("\n".join(report.machine() + facts) + "\n", flush=True)
    bench.build()
    print(table.head(), flush=True)
    results = bench.run_all(lambda m: print("\n".join(table.lines(m))))
    where = bench.write(results, facts)
    for goal, reached in report.goals_together(results):
        print(f"{goal}: {reached}")
    print(f"\n{report.summary(results)}; written to {where}")
    return results


def main():
    given = options()
    if given.list:
        for row in ROWS:
            print(f"{row.name:<13} {row.title}")
        return 0
    bench = Bench(given.build_dir, given.smoke)
    results = smoke(bench) if given.smoke else full(bench)
    return 1 if any(m.failed() for m in results) else 0


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # a reader such as head may leave early
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("\nbench/run: stopped", file=sys.stderr)
        sys.exit(130)
