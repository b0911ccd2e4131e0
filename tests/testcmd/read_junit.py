#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Reads a file of `weft test -junit` as build servers do: it must be well-formed, have the elements
and attributes of JUnit's schema and no others, and its counts must be those of its parts."""
import os
import re
import sys
import xml.etree.ElementTree as ElementTree

ALLOWED = {
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time", "timestamp"},
    "testcase": {"classname", "name", "time"},
    "failure": {"message"},
    "error": {"message"},
    "skipped": {"message"},
}
root = ElementTree.parse(sys.argv[1]).getroot()
if root.tag != "testsuites":
    sys.exit(f"the root is {root.tag}")
for element in root.iter():
    if element is not root and not set(element.attrib) <= ALLOWED[element.tag]:
        sys.exit(f"{element.tag} has {set(element.attrib) - ALLOWED[element.tag]}")
for suite in root:
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp")):
        sys.exit(f"timestamp {suite.get('timestamp')}")
    cases = suite.findall("testcase")
    parts = {"tests": cases, **{what + "s": suite.findall(f"testcase/{what}")
                                for what in ("failure", "error")},
             "skipped": suite.findall("testcase/skipped")}
    for what, found in parts.items():
        if int(suite.get(what)) != len(found):
            sys.exit(f"{suite.get('name')}: {what} is {suite.get(what)}, there are {len(found)}")
    if any(not case.get("name") or not case.get("classname") for case in cases):
        sys.exit("a test without a name")
    if any(not (failure.text or "").strip() for failure in suite.findall("testcase/failure")):
        sys.exit("a failure without a report")
    print(f"{os.path.basename(suite.get('name'))}: {len(cases)} tests, "
          f"{len(parts['failures'])} failures, {len(parts['errors'])} errors, "
          f"{len(parts['skipped'])} skipped")
