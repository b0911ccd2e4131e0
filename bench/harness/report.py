# SPDX-License-Identifier: MIT
"""Turn samples into what people read: the table, the verdicts, RESULTS.md."""

import datetime
import json
import math
import os
import platform
import re
import statistics

from rows import GEOMEAN, ROWS, STEADY, STEADY_TIMES

NAMES = {"go": "Go", "tokio": "tokio", "boost": "Boost.Fiber", "pthread": "threads"}
NOISE = 1.05  # a row that costs so much more than another does not yet cost more


class Measured:
    """One row with one number of processors: its cells by language, and the verdict."""

    def __init__(self, row, procs, cells):
        self.row = row
        self.procs = procs
        self.cells = cells  # language: Cell
        self.problem = None  # what is wrong between the cells, e.g. different checksums
        self.left_out = None  # why it was not run

    def failed(self):
        return bool(self.problem) or any(c.failure for c in self.cells.values())

    def ratio(self, lang):
        """weft's median over that of `lang`; None when there is nothing to compare."""
        weft, other = self.cells.get("weft"), self.cells.get(lang)
        if self.failed() or not weft or not other or not weft.good() or not other.good():
            return None
        return weft.median() / other.median() if other.median() else None

    def ratio_by_round(self, lang):
        """Lowest and highest ratio of two runs that stood side by side."""
        pairs = zip(self.cells["weft"].values(), self.cells[lang].values())
        ratios = [a / b for a, b in pairs if b]
        return min(ratios), max(ratios)

    def goals(self):
        """[(what weft must reach, "ok", "MISSED" or why it is not judged)]"""
        if self.left_out:
            return []
        weft = self.cells.get("weft")
        verdicts = []
        for lang in self.row.ratio:
            goal = self.row.goal(lang, self.procs)
            ratio = self.ratio(lang)
            reached = "not judged" if ratio is None else "ok" if ratio <= goal else "MISSED"
            verdicts.append((f"<= {goal:g} of {lang}", reached))
        if self.row.limit is not None:
            extra = "".join(f", {k}={v}" for k, v in self.row.must.items())
            reached = "not judged"
            if weft and weft.good() and not self.failed():
                kept = all(s.get(k) == v for s in weft.samples for k, v in self.row.must.items())
                reached = "ok" if kept and weft.median() <= self.row.limit else "MISSED"
            verdicts.append((f"<= {self.row.limit:,g} {self.row.unit}{extra}", reached))
        for key, most in self.row.at_most.items():
            reached = "not judged"
            if weft and weft.good() and not self.failed():
                values = [s.get(key) for s in weft.samples]
                kept = all(isinstance(v, float) and v <= most for v in values)
                reached = "ok" if kept else "MISSED"
            verdicts.append((f"{key} <= {most:g}", reached))
        return verdicts

    def goal_text(self):
        if self.failed():
            return "FAILED"
        if self.left_out:
            return "left out"
        return "; ".join(f"{goal}: {reached}" for goal, reached in self.goals())

    def cell_text(self, lang):
        cell = self.cells.get(lang)
        if cell is None:
            return "-"
        if cell.failure:
            return "FAILED"
        if not cell.samples:
            return "-"
        values = cell.values()
        return (f"{amount(statistics.median(values))} "
                f"({amount(min(values))}-{amount(max(values))})")

    def ratio_text(self, lang):
        ratio = self.ratio(lang)
        return "-" if ratio is None else f"{ratio:.3f}"

    def info_text(self, lang):
        """The row's further values, as "spawn_ns 812, guarded yes"."""
        cell = self.cells.get(lang)
        shown = []
        for key in self.row.info if cell and cell.good() else ():
            values = cell.values(key)
            if not values:
                continue
            if all(isinstance(v, float) for v in values):
                top = f" (at most {amount(max(values))})" if key in self.row.at_most else ""
                shown.append(f"{key} {amount(statistics.median(values))}{top}")
            else:
                shown.append(f"{key} {'/'.join(sorted({str(v) for v in values}))}")
        return ", ".join(shown)


def amount(x):
    """Three or more digits that matter, and no more."""
    if abs(x) < 10:
        return f"{x:.2f}"
    return f"{x:.1f}" if abs(x) < 100 else f"{x:,.0f}"


class Table:
    """The table on the terminal, printed row by row as results come in."""

    def __init__(self, langs):
        self.langs = langs
        self.others = [lang for lang in langs if lang != "weft"] if "weft" in langs else []

    def line(self, name, procs, cells, ratios, goal):
        text = f"{name:<13} {procs:>2}  " + "".join(f"{c:<23}" for c in cells)
        text += "".join(f"{r:>{len(lang) + 6}}" for r, lang in zip(ratios, self.others))
        text += "  " + goal
        return text.rstrip()

    def head(self):
        return self.line("row", "P", [f"{lang} (min-max)" for lang in self.langs],
                         [f"weft/{lang}" for lang in self.others], "goal")

    def lines(self, m):
        if m.left_out:
            return [f"{m.row.name:<13} {m.procs:>2}  left out: {m.left_out}"]
        unit = "" if m.row.unit == "ns" else f"[{m.row.unit}] "
        result = [self.line(m.row.name, m.procs, [m.cell_text(lang) for lang in self.langs],
                            [m.ratio_text(lang) for lang in self.others], unit + m.goal_text())]
        for lang in self.langs:
            if m.info_text(lang):
                result.append(f"{'':<16}{lang}: {m.info_text(lang)}")
            if lang in m.cells and m.cells[lang].failure:
                result.append(f"{'':<16}{lang} FAILED: {m.cells[lang].failure}")
        if m.problem:
            result.append(f"{'':<16}FAILED: {m.problem}")
        return result


def first_match(path, pattern):
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            found = re.search(pattern, f.read(), re.M)
    except OSError:
        return None
    return found.group(1).strip() if found else None


def machine():
    """What the numbers were measured on, as a list of lines."""
    cpu = first_match("/proc/cpuinfo", r"^model name\s*:\s*(.*)$") or platform.machine()
    kib = first_match("/proc/meminfo", r"^MemTotal:\s*(\d+)")
    memory = f", {int(kib) / (1 << 20):.0f} GiB" if kib else ""
    return [f"{cpu}, {os.cpu_count()} CPUs{memory}, "
            f"{platform.system()} {platform.release()}"]


def geomean(ratios):
    return math.exp(statistics.fmean(map(math.log, ratios))) if ratios else None


def ratios(measured, lang, costs_only=True):
    """weft's ratios against a language, of all rows that tell a cost."""
    all_of_them = [m.ratio(lang) for m in measured if m.row.is_cost() or not costs_only]
    return [ratio for ratio in all_of_them if ratio]


def medians(measured, lang):
    """{(row, processors): median} of the rows that tell a cost, in one language."""
    return {(m.row.name, m.procs): m.cells[lang].median() for m in measured
            if m.row.is_cost() and lang in m.cells and m.cells[lang].good() and not m.failed()}


def steady_goals(measured):
    """Rows wanted by many beside the same wanted by two."""
    weft = medians(measured, "weft")
    for few, many in STEADY:
        for procs in sorted({m.procs for m in measured}, reverse=True):
            if (few, procs) in weft and (many, procs) in weft:
                times = weft[many, procs] / weft[few, procs]
                yield (f"{many} <= {STEADY_TIMES} x {few}, P {procs} ({times:.2f})",
                       "ok" if times <= STEADY_TIMES else "MISSED")


def growth_goals(measured):
    """What a second processor does to a row, beside what it does to it in Go."""
    weft, go = medians(measured, "weft"), medians(measured, "go")
    rows = [name for name, procs in weft if procs == 1 and (name, 2) in weft and
            (name, 1) in go and (name, 2) in go]
    worse = []
    for name in rows:
        ours, theirs = weft[name, 2] / weft[name, 1], go[name, 2] / go[name, 1]
        if ours > NOISE * max(1, theirs):
            worse.append(f"{name} {ours:.2f} beside {theirs:.2f}")
    if rows:
        yield (f"no row suffers more from a second processor than Go's ({len(rows)} rows"
               f"{': ' if worse else ''}{', '.join(worse)})", "MISSED" if worse else "ok")


def goals_together(measured):
    """[(goal over several rows, "ok" or "MISSED")]"""
    verdicts = []
    complete = {row.name for row in ROWS} <= {m.row.name for m in measured}
    for lang, most in GEOMEAN.items():
        mean = geomean(ratios(measured, lang))
        if mean is not None and complete:
            verdicts.append((f"geometric mean of the costs against {NAMES[lang]} <= {most:g} "
                             f"({mean:.3f} over {len(ratios(measured, lang))} rows)",
                             "ok" if mean <= most else "MISSED"))
    verdicts += steady_goals(measured)
    verdicts += growth_goals(measured)
    return verdicts


def summary(measured):
    goals = [reached for m in measured for _, reached in m.goals()]
    goals += [reached for _, reached in goals_together(measured)]
    failed = sum(m.failed() for m in measured)
    text = f"{goals.count('ok')} of {len(goals)} goals reached"
    if goals.count("MISSED"):
        text += f", {goals.count('MISSED')} MISSED"
    if goals.count("not judged"):
        text += f", {goals.count('not judged')} not judged"
    if failed:
        text += f", {failed} rows FAILED"
    return text


def table(head, lines):
    return ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)] + [
        "| " + " | ".join(line) + " |" for line in lines]


def section_table(rows, langs):
    """The table of one section; languages that it does not have get no column."""
    langs = [lang for lang in langs if any(lang in m.cells for m in rows)]
    others = Table(langs).others
    lines = []
    for m in rows:
        against = []
        for lang in others:
            text = m.ratio_text(lang)
            if m.ratio(lang) is not None:
                text += " ({:.3f}-{:.3f})".format(*m.ratio_by_round(lang))
            against.append(text)
        unit = "" if m.row.unit == "ns" else f" [{m.row.unit}]"
        lines.append([f"{m.row.name}: {m.row.title}{unit}", str(m.procs)] +
                     [m.cell_text(lang) for lang in langs] + against + [m.goal_text()])
    return table(["row", "P"] + list(langs) + [f"weft/{lang}" for lang in others] + ["goal"], lines)


def together_table(measured):
    """Geometric means by section."""
    langs = [lang for lang in NAMES if ratios(measured, lang)]
    sections = list(dict.fromkeys(m.row.section for m in measured))
    lines = []
    for section in sections + ["all rows"]:
        rows = [m for m in measured if section in (m.row.section, "all rows")]
        means = [geomean(ratios(rows, lang)) for lang in langs]
        if any(means):
            lines.append([section] + ["-" if mean is None else f"{mean:.3f}" for mean in means])
    return table(["geometric mean of weft's cost"] + [f"/ {NAMES[lang]}" for lang in langs], lines)


def readme_table(measured):
    """The rows that the README shows: medians with the most processors, and ratios."""
    lines = []
    for m in measured:
        if not m.row.readme or m.procs != m.row.procs[0]:
            continue
        lines.append([f"{m.row.title} [{m.row.unit}]"] + [
            amount(m.cells[lang].median()) if lang in m.cells and m.cells[lang].good() else "-"
            for lang in ("weft", "go", "tokio")] + [m.ratio_text(lang) for lang in ("go", "tokio")])
    return table(["", "weft", "Go", "tokio", "weft/Go", "weft/tokio"], lines)


BEGIN, END = "<!-- written by make bench: begin -->", "<!-- end -->"


def into_readme(text, measured):
    """The README with its table replaced; unchanged when it has no place for one."""
    before, found, rest = text.partition(BEGIN)
    if not found:
        return text
    return before + BEGIN + "\n" + "\n".join(readme_table(measured)) + "\n" + END + \
        rest.partition(END)[2]


def markdown(measured, langs, facts, commands):
    """RESULTS.md as text."""
    out = ["# Benchmark results", "",
           "Written by `make bench`; do not edit. What each row does is said at the top of its",
           "`bench/*_bench.c`; the harness is described in `bench/README.md`.", ""]
    out += [f"- {fact}" for fact in [datetime.date.today().isoformat()] + machine() + facts]
    out += ["", "Nanoseconds per operation unless said otherwise: median (lowest-highest) of all",
            "rounds. P is the number of processors. A ratio is weft's median over the other's,",
            "lower is better; in brackets the lowest and highest of two runs side by side.", "",
            summary(measured) + ".", "", "![ratio by row](ratio.svg)", "",
            "![cost against scale](scale.svg)", "", "## In short", ""]
    out += readme_table(measured) + ["", "## Together", ""]
    out += together_table(measured) + [""]
    out += [f"- {goal}: {reached}" for goal, reached in goals_together(measured)]
    for section in dict.fromkeys(m.row.section for m in measured):
        out += ["", f"## {section}" if section else "## Rows", ""]
        rows = [m for m in measured if m.row.section == section]
        out += section_table(rows, langs)
        notes = [f"- {m.row.name}, P {m.procs}, {lang}: {m.info_text(lang)}"
                 for m in rows for lang in langs if m.info_text(lang)]
        notes += [f"- {m.row.name}, P {m.procs}: left out: {m.left_out}"
                  for m in rows if m.left_out]
        notes += [f"- {m.row.name}, P {m.procs}, {lang}: FAILED: {c.failure}"
                  for m in rows for lang, c in m.cells.items() if c.failure]
        notes += [f"- {m.row.name}, P {m.procs}: FAILED: {m.problem}" for m in rows if m.problem]
        if notes:
            out += ["", "Besides:", ""] + notes
    out += ["", "## By hand", "", "```sh"] + commands + ["```", ""]
    return "\n".join(out)


def raw(measured, facts):
    """All samples, for plots and for comparing two runs."""
    return json.dumps({
        "machine": machine(), "facts": facts,
        "rows": [{"row": m.row.name, "procs": m.procs, "metric": m.row.metric,
                  "left_out": m.left_out, "problem": m.problem,
                  "cells": {lang: {"failure": c.failure, "samples": c.samples}
                            for lang, c in m.cells.items()}}
                 for m in measured]}, indent=1) + "\n"
