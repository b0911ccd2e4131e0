/* SPDX-License-Identifier: MIT */
/*
 * ir_checks.h - the checks of the second layer, in the order in which they stand on each other.
 */
#ifndef WEFT_VET_IR_CHECKS_H
#define WEFT_VET_IR_CHECKS_H

#include "ir.h"

void ir_check(void);

void sum_up(void);           /* sums.c: what callers should know of each function */
void check_shapes(void);     /* shapes.c: what the form of a loop or a call shows */
void check_goroutines(void); /* goroutines.c: what is launched, and with what */
void check_walks(void);      /* walk.c: what depends on the way */
void check_guards(void);     /* guards.c: which data is touched under which lock */
void check_orders(void);     /* orders.c: in which order locks are taken */
void check_calls(void);      /* calls.c: single calls */

#endif /* WEFT_VET_IR_CHECKS_H */
