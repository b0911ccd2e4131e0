/* SPDX-License-Identifier: MIT */
/*
 * output.h - the findings as a reader or a program wants them.
 */
#ifndef WEFT_VET_OUTPUT_H
#define WEFT_VET_OUTPUT_H

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_SARIF };

/* output - write all findings to standard output. */
void output(enum format format);

#endif /* WEFT_VET_OUTPUT_H */
