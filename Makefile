# SPDX-License-Identifier: MIT
#
# The front of the build; CMakeLists.txt does the work.
#
#     make                       build the library and the command: build/weft
#     make test                  build, then run every test
#     make bench                 build, then measure beside Go, tokio and others
#     make install PREFIX=DIR    headers, libraries, weft, weft.pc and the CMake package
#     make clean                 remove the build folder
#
# CC=clang builds with another compiler, BUILD=DIR in another folder.  Changing either CC or
# CMAKE_FLAGS starts the folder afresh, because CMake would go on with what it found first.
BUILD ?= build
PREFIX ?= /usr/local
JOBS ?= $(shell nproc)
CMAKE_FLAGS ?=

# The inner make gets its own number of jobs, and none of our variables.
CMAKE = env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u MAKEOVERRIDES cmake

.PHONY: all configure test bench install clean
all: configure
	@$(CMAKE) --build "$(BUILD)" --parallel $(JOBS)

configure:
	@if [ "$$(cat "$(BUILD)/weft-settings" 2>/dev/null)" != '$(CC) $(CMAKE_FLAGS)' ]; then \
	    CC='$(CC)' $(CMAKE) --fresh -S . -B "$(BUILD)" $(CMAKE_FLAGS) && \
	    printf '%s\n' '$(CC) $(CMAKE_FLAGS)' >"$(BUILD)/weft-settings"; \
	fi

test: all
	@tests/run "$(BUILD)"

bench: all
	@bench/run "$(BUILD)"

# The prefix may be relative to the current folder.
install: all
	@cmake --install "$(BUILD)" --prefix "$$(realpath -m -- "$(PREFIX)")"

# Only what a build made: BUILD may be mistyped.
clean:
	@if [ -f "$(BUILD)/CMakeCache.txt" ]; then rm -rf -- "$(BUILD)"; \
	elif [ -e "$(BUILD)" ]; then echo "make clean: $(BUILD) is no build folder" >&2; exit 2; fi
