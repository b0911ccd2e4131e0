/* SPDX-License-Identifier: MIT */
/* The program that does nothing: the twin of bench/empty_bench.c. */
#include <pthread.h>

int main(void) { return 0; }
