# SPDX-License-Identifier: MIT
"""The two plots, as SVG: ratio by row, and cost against scale."""

import math
from xml.sax.saxutils import escape

from report import NAMES

COLOURS = {"weft": "#d1495b", "go": "#00798c", "tokio": "#b07d2b", "boost": "#6a4c93",
           "pthread": "#777777"}
FONT = 'font-family="Helvetica, Arial, sans-serif" font-size="11"'


class Svg:
    """A drawing that grows line by line."""

    def __init__(self, width, height):
        self.parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
                      f'viewBox="0 0 {width} {height}" {FONT}>',
                      f'<rect width="{width}" height="{height}" fill="white"/>']

    def line(self, x1, y1, x2, y2, colour="#dddddd", width=1):
        self.parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
                          f'stroke="{colour}" stroke-width="{width}"/>')

    def dot(self, x, y, colour, hollow=False):
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" stroke="{colour}" '
                          f'fill="{"white" if hollow else colour}"/>')

    def text(self, x, y, text, anchor="start", colour="#222222"):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" '
                          f'fill="{colour}">{escape(text)}</text>')

    def path(self, points, colour):
        if len(points) > 1:
            to = " L".join(f"{x:.1f} {y:.1f}" for x, y in points)
            self.parts.append(f'<path d="M{to}" fill="none" stroke="{colour}" stroke-width="1.5"/>')

    def done(self):
        return "\n".join(self.parts + ["</svg>", ""])


def ratios(measured):
    """A line for each row: how much weft takes of what the others take, by powers of two."""
    rows = [m for m in measured if any(m.ratio(lang) for lang in ("go", "tokio"))]
    left, right, top, step = 170, 740, 50, 15
    svg = Svg(760, top + step * len(rows) + 30)
    low, high = -7, 3  # 1/128 to 8

    def x(ratio):
        return left + (right - left) * (min(max(math.log2(ratio), low), high) - low) / (high - low)

    svg.text(left, 16, "weft's cost over the other's (lower is better; hollow: one processor)")
    for i, lang in enumerate(("go", "tokio")):
        svg.dot(left + 5 + 90 * i, 30, COLOURS[lang])
        svg.text(left + 14 + 90 * i, 34, "/ " + NAMES[lang])
    bottom = top + step * len(rows)
    for power in range(low, high + 1):
        at = x(2.0 ** power)
        svg.line(at, top - 6, at, bottom, "#888888" if power == 0 else "#e4e4e4")
        svg.text(at, bottom + 14, f"{2 ** power}" if power >= 0 else f"1/{2 ** -power}", "middle")
    for i, m in enumerate(rows):
        y = top + step * i + step / 2
        svg.text(left - 8, y + 4, f"{m.row.name}, P {m.procs}", "end")
        svg.line(left, y, right, y, "#f4f4f4")
        for lang in ("tokio", "go"):
            if m.ratio(lang):
                svg.dot(x(m.ratio(lang)), y, COLOURS[lang], m.procs == 1)
    return svg.done()


PANELS = (
    ("mutex, by goroutines", (("2", "mutex2"), ("8", "mutex8"), ("64", "mutex64"))),
    ("the same, 100 ns of work", (("2", "mutex2w100"), ("8", "mutex8w100"), ("64", "mutex64w100"))),
    ("select, by cases", (("2", "select2"), ("8", "select8"), ("64", "select64"))),
    ("channel 1 to 1, by slots", (("0", "pc0_1x1"), ("1", "pc1_1x1"), ("10", "pc10_1x1"),
                                  ("128", "pc128_1x1"))),
    ("channel 4 to 4, by slots", (("0", "pc0_4x4"), ("1", "pc1_4x4"), ("10", "pc10_4x4"),
                                  ("128", "pc128_4x4"))),
    ("rwmutex, by percent of writes", (("0", "rwmutex0"), ("1", "rwmutex1"), ("10", "rwmutex10"))),
)
BY_PROCS = ("yield", "roundtrip", "ring", "spawn", "fib", "skynet")


def curves(measured):
    """[(title, marks on the axis, {language: {mark: ns}})]"""
    cost = {(m.row.name, m.procs): m for m in measured if not m.failed()}

    def values(points):
        found = {}
        for mark, key in points:
            for lang, cell in (cost[key].cells if key in cost else {}).items():
                if cell.good():
                    found.setdefault(lang, {})[mark] = cell.median()
        return found

    for title, rows in PANELS:
        points = [(mark, (name, 2)) for mark, name in rows]
        yield title + ", P 2", [mark for mark, _ in points], values(points)
    for name in BY_PROCS:
        points = [(str(procs), (name, procs)) for procs in (1, 2)]
        yield f"{name}, by processors", [mark for mark, _ in points], values(points)


def panel(svg, left, top, width, height, title, marks, lines):
    """One diagram; costs by powers of ten."""
    amounts = [v for line in lines.values() for v in line.values()]
    low, high = math.floor(math.log10(min(amounts))), math.ceil(math.log10(max(amounts)))
    high = max(high, low + 1)

    def y(value):
        return top + height * (high - math.log10(value)) / (high - low)

    svg.text(left, top - 8, title)
    for power in range(low, high + 1):
        svg.line(left, y(10.0 ** power), left + width, y(10.0 ** power))
        svg.text(left - 4, y(10.0 ** power) + 4, f"{10.0 ** power:,g}", "end")
    x = {mark: left + width * (i + 0.5) / len(marks) for i, mark in enumerate(marks)}
    for mark in marks:
        svg.text(x[mark], top + height + 14, mark, "middle")
    for lang in [lang for lang in COLOURS if lang in lines][::-1]:
        points = [(x[mark], y(lines[lang][mark])) for mark in marks if mark in lines[lang]]
        svg.path(points, COLOURS[lang])
        for at in points:
            svg.dot(*at, COLOURS[lang])


def scales(measured):
    """Small diagrams: nanoseconds per operation against what grows."""
    shown = [curve for curve in curves(measured) if curve[2]]
    columns, width, height = 3, 180, 120
    rows = -(-len(shown) // columns)
    svg = Svg(60 + columns * (width + 60), 50 + rows * (height + 55))
    for i, (lang, colour) in enumerate(COLOURS.items()):
        svg.dot(60 + 100 * i, 16, colour)
        svg.text(69 + 100 * i, 20, NAMES.get(lang, lang))
    svg.text(60 + 100 * len(COLOURS), 20, "ns per operation; lower is better")
    for i, (title, marks, lines) in enumerate(shown):
        panel(svg, 50 + (i % columns) * (width + 60), 60 + (i // columns) * (height + 55), width,
              height, title, marks, lines)
    return svg.done()
