#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Reads the events of `weft test -json` from standard input as a consumer of Go's does, and says
what they add up to; any event that does not fit its place is an error."""
import json
import sys

running, seen, ends = set(), {"run": 0, "pass": 0, "fail": 0, "skip": 0}, []
for line in sys.stdin:
    event = json.loads(line)
    action, test = event["Action"], event.get("Test")
    if not event["Time"].endswith("Z") or not event["Package"]:
        sys.exit(f"what and when? {line}")
    if action == "start":
        continue
    if action == "output":
        if not isinstance(event["Output"], str) or event["Output"].count("\n") > 1:
            sys.exit(f"not a line: {line}")
        if test and test not in running:
            sys.exit(f"output of a test that does not run: {line}")
    elif test is None:
        ends.append(action)
        if running:
            sys.exit(f"the end, but these still run: {running}")
    elif action == "run":
        seen["run"] += 1
        running.add(test)
    else:
        seen[action] += 1
        running.remove(test)
        if event["Elapsed"] < 0:
            sys.exit(f"how long? {line}")
print(f"{seen['run']} runs, {seen['pass']} passed, {seen['fail']} failed, "
      f"{seen['skip']} skipped, {' '.join(ends)}")
