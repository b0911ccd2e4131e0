/* SPDX-License-Identifier: MIT */
/*
 * libdw, opened when the first report is written: programs that never fail do
 * not load it, and those on machines without it still run.
 */
#ifndef WEFT_SRC_DW_H
#define WEFT_SRC_DW_H

#include <elfutils/libdwfl.h>

#define DW_FUNCTIONS(F)                                                                            \
    F(dwfl_begin)                                                                                  \
    F(dwfl_report_begin)                                                                           \
    F(dwfl_report_elf)                                                                             \
    F(dwfl_report_end)                                                                             \
    F(dwfl_addrmodule)                                                                             \
    F(dwfl_module_addrinfo)                                                                        \
    F(dwfl_module_addrdie)                                                                         \
    F(dwfl_module_nextcu)                                                                          \
    F(dwfl_module_getdwarf)                                                                        \
    F(dwfl_standard_find_debuginfo)                                                                \
    F(dwfl_build_id_find_debuginfo)                                                                \
    F(dwfl_offline_section_address)                                                                \
    F(dwfl_attach_state)                                                                           \
    F(dwfl_getthread_frames)                                                                       \
    F(dwfl_thread_state_registers)                                                                 \
    F(dwfl_thread_state_register_pc)                                                               \
    F(dwfl_frame_pc)                                                                               \
    F(dwarf_getscopes)                                                                             \
    F(dwarf_getscopes_die)                                                                         \
    F(dwarf_getsrc_die)                                                                            \
    F(dwarf_linesrc)                                                                               \
    F(dwarf_lineno)                                                                                \
    F(dwarf_getsrcfiles)                                                                           \
    F(dwarf_filesrc)                                                                               \
    F(dwarf_haspc)                                                                                 \
    F(dwarf_tag)                                                                                   \
    F(dwarf_diename)                                                                               \
    F(dwarf_offdie)                                                                                \
    F(dwarf_dieoffset)                                                                             \
    F(dwarf_attr)                                                                                  \
    F(dwarf_attr_integrate)                                                                        \
    F(dwarf_formstring)                                                                            \
    F(dwarf_formudata)

struct dw {
#define F(name) __typeof__(name) *name;
    DW_FUNCTIONS(F)
#undef F
    Dwfl *session; /* NULL: not opened */
};

extern struct dw weft__dw;

#endif /* WEFT_SRC_DW_H */
