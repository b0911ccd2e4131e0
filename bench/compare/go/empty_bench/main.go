// SPDX-License-Identifier: MIT

// The program that does nothing: the twin of bench/empty_bench.c.
package main

func main() {}
