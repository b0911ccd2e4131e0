# SPDX-License-Identifier: MIT
"""The languages and runtimes that are compared: how to find, build and start each.

A further one is a class with the methods of Weft and an entry in all_runtimes().
Each builds with its usual release flags, and gets the same processors.
compile_command() gives what makes the empty program once more, from a source
that has not been seen before, so that no cache has the answer.
"""

import glob
import itertools
import os
import re
import shutil
import subprocess
import time

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


def is_fresh(program, *sources):
    """Whether a program is newer than all that it is made from; folders count with their files."""
    files = itertools.chain.from_iterable(
        glob.glob(os.path.join(s, "**"), recursive=True) if os.path.isdir(s) else [s]
        for s in sources)
    return os.path.exists(program) and all(
        os.path.getmtime(program) > os.path.getmtime(f) for f in files if os.path.isfile(f))


def write_new(path, text, comment="//"):
    """Write a source file that no compiler has seen."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(f"{text}{comment} {time.time_ns()}\n")
    return os.path.abspath(path)


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


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

    def command(self, source, program, *libraries):
        return self.cc.split() + RELEASE_FLAGS + [
            "-I" + os.path.join(ROOT, "include"), source, os.path.abspath(self.library),
            "-lpthread", "-ldl", *libraries, "-o", os.path.abspath(program)]

    def build(self, subject):
        """Build a subject's program and return its path."""
        os.makedirs(self.out, exist_ok=True)
        program = os.path.join(self.out, subject + "_bench")
        source = os.path.join(BENCH, subject + "_bench.c")
        libraries = []
        if subject == "digest":  # an example, and the only one that needs a further library
            source = os.path.join(ROOT, "examples", "digest.c")
            libraries = ["-lcrypto"]
        if not is_fresh(program, source, os.path.join(BENCH, "bench.h"), self.library,
                        os.path.join(ROOT, "include")):
            run_tool(self.command(source, program, *libraries))
        return program

    def compile_command(self):
        source = write_new(os.path.join(self.out, "compile", "empty.c"),
                           read(os.path.join(BENCH, "empty_bench.c")))
        return self.command(source, os.path.join(self.out, "compile", "empty"))

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

    def compile_command(self):
        folder = os.path.join(self.out, "compile")
        number = time.time_ns()
        write_new(os.path.join(folder, "main.go"),
                  read(os.path.join(self.source, "empty_bench", "main.go")))
        # Go's cache looks at what comes out of the compiler: that must differ too.
        write_new(os.path.join(folder, "new.go"), "package main\n\nimport \"os\"\n\n"
                  f"func init() {{\n\tif len(os.Args) > {number} {{\n\t\tos.Exit(1)\n\t}}\n}}\n")
        with open(os.path.join(folder, "go.mod"), "w", encoding="utf-8") as f:
            f.write("module empty\n\ngo {}.{}\n".format(*self.number))
        settings = [f"{k}={self.tool_env[k]}" for k in (
            "GOTOOLCHAIN", "GOFLAGS", "GOPROXY", "GOWORK", "GOENV", "CGO_ENABLED")]
        return ["env", "-C", os.path.abspath(folder), *settings, self.command, "build", "-o",
                "empty", "."]

    def environment(self, procs):
        return {"GOMAXPROCS": str(procs)}


class Tokio:
    """Rust with tokio: the cargo package bench/compare/tokio, a program for each subject."""

    name = "tokio"

    def __init__(self, build_dir):
        self.source = os.path.join(BENCH, "compare", "tokio")
        self.out = os.path.abspath(os.path.join(build_dir, "bench", "tokio"))
        self.cargo = shutil.which("cargo") or shutil.which(os.path.expanduser("~/.cargo/bin/cargo"))
        self.is_built = False

    def missing(self):
        if not self.cargo:
            return "cargo: not found"
        try:
            run_tool([self.cargo, "fetch", "--locked"], cwd=self.source)
        except BuildError:
            return "its crates are not here and cannot be fetched"
        return None

    def version(self):
        lock = read(os.path.join(self.source, "Cargo.lock"))
        tokio = re.search(r'name = "tokio"\nversion = "([^"]+)"', lock)
        rustc = run_tool([os.path.join(os.path.dirname(self.cargo), "rustc"), "--version"])
        return f"tokio {tokio.group(1) if tokio else '?'}, {rustc}"

    def cargo_build(self, folder, *what):
        return [self.cargo, "build", "--quiet", "--release", "--locked", "--offline",
                "--manifest-path", os.path.join(folder, "Cargo.toml"), "--target-dir", self.out,
                *what]

    def build(self, subject):
        if not self.is_built:
            run_tool(self.cargo_build(self.source))
            self.is_built = True
        return os.path.join(self.out, "release", subject + "_bench")

    def compile_command(self):
        folder = os.path.join(self.out, "compile")
        write_new(os.path.join(folder, "src", "bin", "compile_bench.rs"),
                  read(os.path.join(self.source, "src", "bin", "empty_bench.rs")))
        for name in ("Cargo.toml", "Cargo.lock", "src/lib.rs"):
            copy = os.path.join(folder, name)
            if not os.path.exists(copy):
                shutil.copy(os.path.join(self.source, name), copy)
        command = self.cargo_build(folder, "--bin", "compile_bench")
        if not os.path.exists(os.path.join(folder, "ready")):  # what they share is built beforehand
            run_tool(command)
            write_new(os.path.join(folder, "ready"), "")
            return self.compile_command()
        return command

    def environment(self, procs):
        return {"TOKIO_WORKER_THREADS": str(procs)}


class Boost:
    """Boost.Fiber: bench/compare/boost/SUBJECT_boost.cpp."""

    name = "boost"

    def __init__(self, build_dir):
        self.source = os.path.join(BENCH, "compare", "boost")
        self.out = os.path.join(build_dir, "bench", "boost")
        self.cxx = os.environ.get("CXX") or "c++"

    def missing(self):
        if not shutil.which(self.cxx.split()[0]):
            return f"C++ compiler {self.cxx}: not found"
        if "BOOST_LIB_VERSION" not in self.preprocessed():
            return "Boost.Fiber: not found (apt install libboost-fiber-dev)"
        return None

    def preprocessed(self):
        text = "#include <boost/fiber/all.hpp>\n#include <boost/version.hpp>\n"
        done = subprocess.run(self.cxx.split() + ["-std=c++20", "-dM", "-E", "-x", "c++", "-"],
                              input=text, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              text=True, check=False)
        return done.stdout if done.returncode == 0 else ""

    def version(self):
        number = re.search(r'BOOST_LIB_VERSION "([^"]+)"', self.preprocessed())
        compiler = run_tool(self.cxx.split() + ["--version"]).splitlines()[0]
        return f"Boost.Fiber {number.group(1).replace('_', '.') if number else '?'}, {compiler}"

    def command(self, source, program):
        return self.cxx.split() + RELEASE_FLAGS + [
            "-std=c++20", "-Wno-missing-field-initializers", "-pthread", "-I" + BENCH,
            "-I" + self.source, source, "-lboost_fiber", "-lboost_context",
            "-o", os.path.abspath(program)]

    def build(self, subject):
        os.makedirs(self.out, exist_ok=True)
        program = os.path.join(self.out, subject + "_bench")
        source = os.path.join(self.source, subject + "_boost.cpp")
        if not is_fresh(program, source, os.path.join(self.source, "fibers.hpp"),
                        os.path.join(BENCH, "bench.h")):
            run_tool(self.command(source, program))
        return program

    def compile_command(self):
        source = write_new(os.path.join(self.out, "compile", "empty.cpp"),
                           read(os.path.join(self.source, "empty_boost.cpp")))
        return self.command(source, os.path.join(self.out, "compile", "empty"))

    def environment(self, procs):
        return {"BENCH_PROCS": str(procs)}


class Pthread:
    """The threads of libc: bench/compare/pthread/SUBJECT_pthread.c, built as weft's own."""

    name = "pthread"

    def __init__(self, build_dir):
        self.source = os.path.join(BENCH, "compare", "pthread")
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
        source = os.path.join(self.source, subject + "_pthread.c")
        if not is_fresh(program, source, os.path.join(self.source, "thread.h"),
                        os.path.join(BENCH, "bench.h")):
            run_tool(self.command(source, program))
        return program

    def command(self, source, program):
        return self.cc.split() + RELEASE_FLAGS + [
            "-pthread", "-I" + BENCH, "-I" + self.source, source, "-o", os.path.abspath(program)]

    def compile_command(self):
        source = write_new(os.path.join(self.out, "compile", "empty.c"),
                           read(os.path.join(self.source, "empty_pthread.c")))
        return self.command(source, os.path.join(self.out, "compile", "empty"))

    def environment(self, procs):  # pylint: disable=unused-argument
        return {}  # threads run on the CPUs that they are pinned to


class Xargs:
    """The shell's own way to use two processors: find, sort, xargs and sha256sum.

    Lines are written one by one, so that those of two processes do not mix.
    """

    name = "xargs"
    program = os.path.join(BENCH, "compare", "xargs", "digest")

    def __init__(self, build_dir):
        del build_dir

    def missing(self):
        tools = [tool for tool in ("find", "sort", "xargs", "sha256sum", "stdbuf")
                 if not shutil.which(tool)]
        return f"{', '.join(tools)}: not found" if tools else None

    def version(self):
        return "xargs: " + run_tool(["sha256sum", "--version"]).splitlines()[0]

    def build(self, subject):
        del subject
        return self.program

    def environment(self, procs):
        return {"LC_ALL": "C", "PROCS": str(procs)}


def all_runtimes(build_dir):
    """In the order in which they are run and shown; weft is the first."""
    return [kind(build_dir) for kind in (Weft, Go, Tokio, Boost, Pthread, Xargs)]
