# SPDX-License-Identifier: MIT
"""Does the harness notice what goes wrong?  Run: python3 bench/harness/selftest.py

The programs here are small shell scripts that say what a workload program would
say, so that neither a compiler nor the library is needed.
"""

import contextlib
import io
import json
import os
import sys
import tempfile
import unittest
from unittest import mock

sys.dont_write_bytecode = True
# pylint: disable=wrong-import-position
import main
import measure
import report
import runtimes
from rows import ROWS, Row


def line(ns, checksum="7", row="$1", more=""):
    return f"echo row={row} ops=$2 ns_per_op={ns} checksum={checksum} {more}"


class Script:
    """A runtime whose every program is the given line of shell."""

    def __init__(self, name, build_dir, body, missing=None):
        self.name, self.body, self.why = name, body, missing
        self.dir = os.path.join(build_dir, name)
        self.library = build_dir

    def missing(self):
        return self.why

    def version(self):
        return f"{self.name} 1"

    def build(self, subject):
        if self.body is None:
            raise runtimes.BuildError("In function f:\nx.c:1: error: no such thing\n\nby: cc x.c")
        os.makedirs(self.dir, exist_ok=True)
        path = os.path.join(self.dir, subject)
        with open(path, "w", encoding="utf-8") as f:
            f.write(f"#!/bin/sh\n{self.body}\n")
        os.chmod(path, 0o755)
        return path

    def environment(self, procs):
        return {"PROCS_GIVEN": str(procs)}


TWICE = Row("twice", "a", "weft may take half", 10, 1, ratio={"go": 0.5}, procs=(1,))
PATIENT = Row("patient", "a", "nobody may wait over 50 ms", 10, 1, ratio={"go": 0.5},
              at_most={"longest_ms": 50}, info=("longest_ms",), procs=(1,))
SLOWER = Row("slower", "a", "go is slow and has a count of its own", 10, 1, ratio={"go": 0.5},
             counts={"go": 5}, langs=("weft", "go"), procs=(1,))
ALONE = Row("alone", "a", "a row of weft's", 10, 1, langs=("weft",), procs=(1,))
SMALL = Row("small", "a", "weft may take 100 bytes, guarded", 10, 1, limit=100,
            must={"guarded": "yes"}, metric="bytes", unit="bytes", procs=(1,))


class Harness(unittest.TestCase):
    def run_bench(self, weft, go, rows=(TWICE,), smoke=False, weft_missing=None, go_missing=None,
                  **env):
        """Run the harness over scripts; returns exit status, output and the folder."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        known = [Script("weft", folder.name, weft, weft_missing),
                 Script("go", folder.name, go, go_missing)]
        env = {"BENCH_ROUNDS": "3", "ROWS": "", "LANGS": "", "BENCH_CPUS": "",
               "BENCH_TIMEOUT": "20", **env}
        out = io.StringIO()
        argv = ["bench/run"] + (["--smoke"] if smoke else []) + [folder.name]
        with mock.patch.object(runtimes, "all_runtimes", lambda _: known), \
                mock.patch.object(main, "ROWS", rows), mock.patch.object(sys, "argv", argv), \
                mock.patch.dict(os.environ, env), contextlib.redirect_stdout(out), \
                contextlib.redirect_stderr(out):
            try:
                status = main.main()
            except SystemExit as e:
                status = e.code
        return status, out.getvalue(), folder.name

    def test_goal_reached(self):
        status, out, _ = self.run_bench(line(50), line(100))
        self.assertIn("0.500  <= 0.5 of go: ok", out)
        self.assertIn("1 of 1 goals reached;", out)
        self.assertEqual(status, 0)

    def test_goal_missed_is_shown_and_no_failure(self):
        status, out, _ = self.run_bench(line(51), line(100))
        self.assertIn("0.510  <= 0.5 of go: MISSED", out)
        self.assertEqual(status, 0)

    def test_limit_needs_the_value_and_what_must_be_said_besides(self):
        for bytes_each, guarded, verdict in ((100, "yes", "ok"), (101, "yes", "MISSED"),
                                             (99, "no", "MISSED")):
            with self.subTest(bytes=bytes_each, guarded=guarded):
                weft = line(5, more=f"bytes={bytes_each} guarded={guarded}")
                _, out, _ = self.run_bench(weft, line(5, more="bytes=1"), rows=(SMALL,))
                self.assertIn(f"<= 100 bytes, guarded=yes: {verdict}", out)

    def test_the_longest_wait_of_all_rounds_counts(self):
        for waits, verdict in (((50, 2, 3), "ok"), ((1, 51, 2), "MISSED"), ((1, "x", 2), "MISSED")):
            with self.subTest(waits=waits):
                body = "\n".join(
                    [f"if [ ! -e $0.{i} ]; then touch $0.{i}; " +
                     line(5, more=f"longest_ms={wait}") + "; exit; fi"
                     for i, wait in enumerate(waits)])
                _, out, _ = self.run_bench(body, line(10, more="longest_ms=99"), rows=(PATIENT,))
                self.assertIn(f"<= 0.5 of go: ok; longest_ms <= 50: {verdict}", out)
                if "x" not in waits:
                    self.assertIn(f"(at most {report.amount(max(waits))})", out)

    def test_a_count_of_its_own_is_given_and_not_compared(self):
        sums = "echo row=$1 ops=$2 ns_per_op=5 checksum=$2"
        status, out, folder = self.run_bench(sums, sums.replace("=5", "=10"), rows=(SLOWER,))
        self.assertIn("0.500  <= 0.5 of go: ok", out)
        self.assertEqual(status, 0)
        with open(os.path.join(folder, "bench", "results.json"), encoding="utf-8") as f:
            cells = json.load(f)["rows"][0]["cells"]
        self.assertEqual([cells[lang]["samples"][0]["ops"] for lang in ("weft", "go")], [10, 5])
        # The smoke run gives the same count to all, and compares.
        for go, failed in ((sums, 0), (line(10, checksum="99"), 1)):
            status, _, _ = self.run_bench(sums, go, rows=(SLOWER,), smoke=True)
            self.assertEqual(status, failed)

    def test_a_language_without_a_row_has_no_column(self):
        _, out, _ = self.run_bench(line(5), None, rows=(ALONE,))
        self.assertNotIn("go (min-max)", out)
        _, out, _ = self.run_bench(line(5), line(10), rows=(ALONE, TWICE))
        self.assertIn("go (min-max)", out)

    def test_different_work_fails(self):
        for weft in (line(50, checksum="8"), "echo row=$1 ops=3 ns_per_op=1 checksum=7"):
            for smoke in (False, True):
                with self.subTest(weft=weft, smoke=smoke):
                    status, out, _ = self.run_bench(weft, line(100), smoke=smoke)
                    self.assertIn("FAILED", out)
                    self.assertIn("different work", out)
                    self.assertNotIn("ok", out)
                    self.assertEqual(status, 1)

    def test_a_failing_program_fails_its_row_and_the_rest_goes_on(self):
        crash = "if [ $1 = small ]; then echo 'panic: boom' >&2; exit 2; fi\n" + line(50)
        status, out, folder = self.run_bench(crash, line(100, more="bytes=1"), rows=(SMALL, TWICE))
        self.assertIn("weft FAILED: exit status 2: panic: boom", out)
        self.assertIn("<= 0.5 of go: ok", out)
        self.assertIn("1 rows FAILED", out)
        self.assertEqual(status, 1)
        with open(os.path.join(folder, "bench", "failed-weft-small-1.txt"), encoding="utf-8") as f:
            self.assertIn("panic: boom", f.read())

    def test_unusable_output_fails(self):
        for body in ("true", line("fast"), line("nan"), line(0), line(5, row="other"),
                     line(5, checksum=""), line(5) + "\necho more", "kill -SEGV $$"):
            with self.subTest(body=body):
                status, out, _ = self.run_bench(line(50), body)
                self.assertIn("go FAILED: ", out)
                self.assertEqual(status, 1)

    def test_a_program_that_hangs_fails(self):
        status, out, _ = self.run_bench("trap 'echo stacks; exit 2' QUIT\nsleep 30 & wait",
                                        line(100), BENCH_TIMEOUT="1")
        self.assertIn("weft FAILED: no end within 1 s: stacks", out)
        self.assertEqual(status, 1)

    def test_a_program_that_does_not_build_fails(self):
        status, out, _ = self.run_bench(line(50), None, smoke=True)
        self.assertIn("go: does not build: x.c:1: error: no such thing", out)
        self.assertEqual(status, 1)

    def test_the_readme_shows_what_was_measured(self):
        results = runtimes.read(os.path.join(runtimes.BENCH, "RESULTS.md"))
        shown = runtimes.read(os.path.join(runtimes.ROOT, "README.md"))
        table = shown.partition(report.BEGIN)[2].partition(report.END)[0].strip()
        self.assertTrue(table)
        self.assertIn(table, results)
        for plot in ("ratio.svg", "scale.svg"):
            self.assertIn(f"bench/{plot}", shown)
            self.assertIn("</svg>", runtimes.read(os.path.join(runtimes.BENCH, plot)))

    def test_a_missing_toolchain_is_left_out_and_said_so(self):
        status, out, _ = self.run_bench(line(50), None, go_missing="Go: not found")
        self.assertIn("go is left out: Go: not found", out)
        self.assertIn("<= 0.5 of go: not judged", out)
        self.assertEqual(status, 0)

    def test_without_a_c_compiler_nothing_is_measured(self):
        status, out, _ = self.run_bench(line(50), line(100), weft_missing="cc: not found")
        self.assertEqual((status, out), (1, "bench/run: cc: not found\n"))

    def test_runs_stand_side_by_side_on_the_given_cpus(self):
        log = 'echo "$0 $PROCS_GIVEN $(taskset -cp $$ | sed "s/.*: //") $WEFT_LEAKS" >> log\n'
        old = os.getcwd()
        with tempfile.TemporaryDirectory() as here:
            os.chdir(here)
            try:
                status, _, _ = self.run_bench(log + line(5), log + line(9), BENCH_ROUNDS="2",
                                              WEFT_LEAKS="fail")
                with open("log", encoding="utf-8") as f:
                    words = [entry.split() for entry in f]
            finally:
                os.chdir(old)
        self.assertEqual(status, 0)
        cpu = str(min(os.sched_getaffinity(0)))
        self.assertEqual([(w[0].split("/")[-2], w[1:]) for w in words],
                         [("weft", ["1", cpu]), ("go", ["1", cpu])] * 2)

    def test_only_a_complete_run_may_replace_the_results(self):
        before = os.path.join(runtimes.BENCH, "RESULTS.md")
        stamp = os.path.getmtime(before) if os.path.exists(before) else None
        _, _, folder = self.run_bench(line(50), line(100), ROWS="twice")
        self.assertEqual(os.path.getmtime(before) if os.path.exists(before) else None, stamp)
        with open(os.path.join(folder, "bench", "RESULTS.md"), encoding="utf-8") as f:
            self.assertIn("| twice: weft may take half | 1 | 50.0 (50.0-50.0) | 100 (100-100) | "
                          "0.500 (0.500-0.500) | <= 0.5 of go: ok |", f.read())
        with open(os.path.join(folder, "bench", "results.json"), encoding="utf-8") as f:
            self.assertEqual(len(json.load(f)["rows"][0]["cells"]["go"]["samples"]), 3)

    def test_bad_input_is_one_line(self):
        for env in ({"ROWS": "nope"}, {"LANGS": "cobol"}, {"BENCH_ROUNDS": "x"},
                    {"BENCH_CPUS": "99999"}, {"BENCH_TIMEOUT": "-1"}):
            with self.subTest(env=env):
                status, out, _ = self.run_bench(line(50), line(100), **env)
                self.assertEqual(status, 1)
                self.assertEqual(out.count("\n"), 1, out)
                self.assertIn(next(iter(env)), out)

    def test_median_and_ratio(self):
        cells = {}
        for name, values in (("weft", (1, 2, 30)), ("go", (10, 4, 5))):
            cells[name] = measure.Cell("ns_per_op")
            cells[name].samples = [{"ns_per_op": float(v)} for v in values]
        m = report.Measured(TWICE, 1, cells)
        self.assertEqual(m.ratio("go"), 2 / 5)
        self.assertEqual(m.ratio_by_round("go"), (0.1, 6.0))

    def test_every_row_has_its_programs(self):
        self.assertEqual(len({row.name for row in ROWS}), len(ROWS))
        paths = {"weft": "{}_bench.c", "go": "compare/go/{}_bench/main.go",
                 "tokio": "compare/tokio/src/bin/{}_bench.rs",
                 "boost": "compare/boost/{}_boost.cpp",
                 "pthread": "compare/pthread/{}_pthread.c", "xargs": "compare/xargs/{}"}
        self.assertEqual(list(paths), [r.name for r in runtimes.all_runtimes("build")])
        for row in ROWS:
            for lang in row.langs:
                path = paths[lang].format(row.subject)
                if row.how == "digest" and lang == "weft":
                    path = "../examples/digest.c"
                text = runtimes.read(os.path.join(runtimes.BENCH, path))
                if row.how is None:
                    self.assertIn(f'"{row.name}"', text, path)
            self.assertLessEqual({*row.ratio, *row.ratio_one, *row.counts}, {*row.langs}, row.name)


if __name__ == "__main__":
    unittest.main()
