/* SPDX-License-Identifier: MIT */
/* A library that uses weft, for callers in C and C++. */
#ifndef CONSUMER_STAGE_H
#define CONSUMER_STAGE_H

#ifdef __cplusplus
extern "C" {
#endif

/* add_up - the sum of 1 to n, by goroutines; call it in one. */
int add_up(int n);

/* run_add_up - the same for a caller without goroutines. */
int run_add_up(int n);

#ifdef __cplusplus
}
#endif

#endif /* CONSUMER_STAGE_H */
