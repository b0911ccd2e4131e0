# SPDX-License-Identifier: MIT
"""The languages and runtimes that are compared: how to find, build and start each.

A further one is a class with the methods of Weft and an entry in all_runtimes().
Each builds with its usual release flags, and gets the same processors.
"""

import glob
import os
import re
import shutil
import subprocess

BENCH = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOT = os.path.dirname(BENCH)
RELEASE_FLAGS = ["-O2", "-g", "-fno-omit-frame-pointer", "-Wall", "-Wextra"]


class BuildError(Exception):
    """A workload program did not build; the text is what the compiler said."""


def run_tool(command, **options):
    """Run a build tool; raise BuildError with its words when it fails."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", check=False, **options)
    except OSError as e:
        raise BuildError(f"{command[0]}: {e.strerror}") from e
    if done.returncode != 0:
        raise BuildError(f"{done.stdout.strip()}\n\nby: {' '.join(command)}")
    return done.stdout.strip()


class Weft:
    """weft itself: bench/SUBJECT_bench.c, linked with the library of the build directory."""

    name = "weft"

    def __init__(self, build_dir):
        self.library = os.path.join(build_dir, "libweft.a")
        self.out = os.path.join(build_dir, "bench", "weft")
        self.cc = os.environ.get("CC") or "cc"

    def missing(self):
        """Why it cannot take part, or None."""
        if not shutil.which(self.cc.split()[0]):
            return f"C compiler {self.cc}: not found"
        return None

    def version(self):
        with open(os.path.join(ROOT, "include", "weft", "base.h"), encoding="utf-8") as f:
            number = re.search(r'WEFT_VERSION\s+"([^"]+)"', f.read())
        compiler = run_tool(self.cc.split() + ["--version"]).splitlines()[0]
        return f"weft {number.group(1) if number else '?'}, {compiler}"

    def build(self, subject):
        """Build a subject's program and return its path."""
        os.makedirs(self.out, exist_ok=True)
        program = os.path.join(self.out, subject + "_bench")
        run_tool(self.cc.split() + RELEASE_FLAGS + [
            "-Iinclude", os.path.join("bench", subject + "_bench.c"),
            os.path.abspath(self.library), "-lpthread", "-ldl",
            "-o", os.path.abspath(program)], cwd=ROOT)
        return program

    def environment(self, procs):
        return {"WEFT_PROCS": str(procs)}


class Go:
    """The newest Go on the machine: bench/compare/go/SUBJECT_bench."""

    name = "go"
    places = ("/usr/local/go/bin/go", "/usr/lib/go-*/bin/go", "/usr/local/go*/bin/go",
              "~/go/bin/go", "~/sdk/go*/bin/go", "/snap/bin/go")

    def __init__(self, build_dir):
        self.source = os.path.join(BENCH, "compare", "go")
        self.out = os.path.join(build_dir, "bench", "go")
        self.number, self.command = max(self.found(), default=((), None))
        # Take this very toolchain, never download one, and no settings of the user's.
        self.tool_env = dict(os.environ, GOTOOLCHAIN="local", GOFLAGS="", GOPROXY="off",
                             GOWORK="off", GOENV="off", CGO_ENABLED="0")

    def found(self):
        commands = [shutil.which("go")]
        for place in self.places:
            commands += glob.glob(os.path.expanduser(place))
        for command in {os.path.realpath(c) for c in commands if c}:
            try:
                text = run_tool([command, "version"], env=dict(os.environ, GOTOOLCHAIN="local"))
            except BuildError:
                continue
            number = re.search(r"\bgo(\d+(?:\.\d+)*)", text)
            if number:
                yield tuple(int(n) for n in number.group(1).split(".")), command

    def missing(self):
        return None if self.command else "Go: not found"

    def version(self):
        return "go" + ".".join(str(n) for n in self.number)

    def module_file(self):
        """go.mod with this toolchain's own language version.

        The go line also chooses the runtime's compatibility settings; an old
        line would measure the behaviour of an old Go.
        """
        os.makedirs(self.out, exist_ok=True)
        path = os.path.abspath(os.path.join(self.out, "go.mod"))
        with open(os.path.join(self.source, "go.mod"), encoding="utf-8") as f:
            text = re.sub(r"(?m)^go .*$", "go {}.{}".format(*self.number), f.read())
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def build(self, subject):
        program = os.path.join(self.out, subject + "_bench")
        run_tool([self.command, "build", "-modfile", self.module_file(), "-o",
                  os.path.abspath(program), f"./{subject}_bench"],
                 cwd=self.source, env=self.tool_env)
        return program

    def environment(self, procs):
        return {"GOMAXPROCS": str(procs)}


class Pthread:
    """The threads of libc: bench/compare/pthread/SUBJECT_pthread.c, built as weft's own."""

    name = "pthread"

    def __init__(self, build_dir):
        self.out = os.path.join(build_dir, "bench", "pthread")
        self.cc = os.environ.get("CC") or "cc"

    def missing(self):
        if not shutil.which(self.cc.split()[0]):
            return f"C compiler {self.cc}: not found"
        return None

    def version(self):
        try:
            return "pthread: " + os.confstr("CS_GNU_LIBC_VERSION")
        except (ValueError, OSError, TypeError):  # not a name here, or nothing to say
            return "pthread: a libc that does not tell its version"

    def build(self, subject):
        os.makedirs(self.out, exist_ok=True)
        program = os.path.join(self.out, subject + "_bench")
        source = os.path.join("bench", "compare", "pthread", subject + "_pthread.c")
        run_tool(self.cc.split() + RELEASE_FLAGS + [
            "-pthread", "-Ibench", source, "-o", os.path.abspath(program)], cwd=ROOT)
        return program

    def environment(self, procs):  # pylint: disable=unused-argument
        return {}  # threads run on the CPUs that they are pinned to


def all_runtimes(build_dir):
    """In the order in which they are run and shown; weft is the first."""
    return [Weft(build_dir), Go(build_dir), Pthread(build_dir)]
