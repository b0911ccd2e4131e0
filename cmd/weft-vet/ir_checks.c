/* SPDX-License-Identifier: MIT */
/*
 * ir_checks.c - all checks on bitcode, each standing on what the ones before have found out.
 */
#include "ir_checks.h"

void ir_check(void)
{
    sum_up();
    check_goroutines();
    check_walks();
    check_orders();
    check_guards();
    check_shapes();
    check_calls();
}
