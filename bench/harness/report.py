# SPDX-License-Identifier: MIT
"""Turn samples into what people read: the table, the verdicts, RESULTS.md."""

import datetime
import json
import os
import platform
import re
import statistics


class Measured:
    """One row with one number of processors: its cells by language, and the verdict."""

    def __init__(self, row, procs, cells, judged):
        self.row = row
        self.procs = procs
        self.cells = cells  # language: Cell
        self.judged = judged  # whether the row's goals count for this number of processors
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
        if not self.judged or self.left_out:
            return []
        weft = self.cells.get("weft")
        verdicts = []
        for lang, goal in self.row.ratio.items():
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
        text = f"{name:<11} {procs:>2}  " + "".join(f"{c:<26}" for c in cells)
        text += "".join(f"{r:>{len(lang) + 7}}" for r, lang in zip(ratios, self.others))
        text += "  " + goal
        return text.rstrip()

    def head(self):
        return self.line("row", "P", [f"{lang} median (min-max)" for lang in self.langs],
                         [f"weft/{lang}" for lang in self.others], "goal")

    def lines(self, m):
        if m.left_out:
            return [f"{m.row.name:<11} {m.procs:>2}  left out: {m.left_out}"]
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


def summary(measured):
    goals = [reached for m in measured for _, reached in m.goals()]
    failed = sum(m.failed() for m in measured)
    text = f"{goals.count('ok')} of {len(goals)} goals reached"
    if goals.count("MISSED"):
        text += f", {goals.count('MISSED')} MISSED"
    if goals.count("not judged"):
        text += f", {goals.count('not judged')} not judged"
    if failed:
        text += f", {failed} rows FAILED"
    return text


def markdown(measured, langs, facts, commands):
    """RESULTS.md as text."""
    others = Table(langs).others
    out = ["# Benchmark results", "",
           "Written by `make bench`; do not edit. What each row does is said at the top of its",
           "`bench/*_bench.c`; the harness is described in `bench/README.md`.", ""]
    out += [f"- {fact}" for fact in [datetime.date.today().isoformat()] + machine() + facts]
    out += ["", "Nanoseconds per operation unless said otherwise: median (lowest-highest) of all",
            "rounds. P is the number of processors. A ratio is weft's median over the other's,",
            "lower is better; in brackets the lowest and highest of two runs side by side.", ""]
    head = ["row", "P"] + list(langs) + [f"weft/{lang}" for lang in others] + ["goal"]
    out += ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for m in measured:
        cells = [m.cell_text(lang) for lang in langs]
        ratios = []
        for lang in others:
            text = m.ratio_text(lang)
            if m.ratio(lang) is not None:
                text += " ({:.3f}-{:.3f})".format(*m.ratio_by_round(lang))
            ratios.append(text)
        out.append("| " + " | ".join([f"{m.row.name}: {m.row.title}", str(m.procs)] + cells +
                                     ratios + [m.goal_text()]) + " |")
    out += ["", summary(measured) + ".", ""]
    notes = [f"- {m.row.name}, P {m.procs}, {lang}: {m.info_text(lang)}"
             for m in measured for lang in langs if m.info_text(lang)]
    notes += [f"- {m.row.name}, P {m.procs}: left out: {m.left_out}"
              for m in measured if m.left_out]
    notes += [f"- {m.row.name}, P {m.procs}, {lang}: FAILED: {c.failure}"
              for m in measured for lang, c in m.cells.items() if c.failure]
    notes += [f"- {m.row.name}, P {m.procs}: FAILED: {m.problem}" for m in measured if m.problem]
    if notes:
        out += ["Besides:", ""] + notes + [""]
    out += ["One run of each by hand:", "", "```sh"] + commands + ["```", ""]
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
