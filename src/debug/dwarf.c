/* SPDX-License-Identifier: MIT */
/*
 * Function, file and line from debug information, by libdw.
 *
 * A call that the compiler inlined shows as a frame of its own: the program was
 * written that way.  Inline functions of weft's headers are passed over, so the
 * line is that of the macro's use.
 *
 * Frames of the runtime itself are told by where their source lies: beside this
 * file's.
 */
#ifdef WEFT_HAVE_LIBDWFL
#define _GNU_SOURCE
#include <dlfcn.h>
#include <dwarf.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic.h"
#include "debug/dw.h"
#include "debug/lookup.h"

/* Instructions that belong to no line are the compiler's; how far back to look
 * for one that does. */
enum { LINE_BACK = 64 };

struct dw weft__dw;

/* How names of our own units begin, and the folder they are relative to. */
static struct {
    const char *name, *folder;
    size_t length; /* of name, up to the folder src/; 0: unknown */
} home;

/* The unit that was asked for last, where there is no index of units. */
static struct {
    Dwfl_Module *module;
    Dwarf_Die *unit;
    Dwarf_Addr bias;
} last_unit;

/* ---- opening --------------------------------------------------------------------- */

/* A statically linked program cannot load anything: a second libc would come. */
static int ask_dynamic(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_INTERP)
            *(bool *)arg = true;
    return 1; /* the first one is the program */
}

static bool load(void)
{
    static bool tried, loaded;
    bool dynamic = false;
    if (tried)
        return loaded;
    tried = true;
    dl_iterate_phdr(ask_dynamic, &dynamic);
    if (!dynamic)
        return false;
    void *library = dlopen("libdw.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return false;
    loaded = true;
#define F(name) loaded &= (weft__dw.name = (__typeof__(name) *)dlsym(library, #name)) != NULL;
    DW_FUNCTIONS(F)
#undef F
    return loaded;
}

/* The loader knows the objects and where they are; nothing needs finding. */
static int find_elf(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base,
                    char **file, Elf **elf)
{
    (void)module, (void)data, (void)name, (void)base, (void)file, (void)elf;
    return -1;
}

/* Debug information in files of its own is welcome, but a report must not wait
 * for a server on the network. */
static int find_debuginfo(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base,
                          const char *file, const char *link, GElf_Word crc, char **found)
{
    const char *servers = getenv("DEBUGINFOD_URLS");
    if (servers && *servers)
        return weft__dw.dwfl_build_id_find_debuginfo(module, data, name, base, file, link, crc,
                                                     found);
    return weft__dw.dwfl_standard_find_debuginfo(module, data, name, base, file, link, crc, found);
}

static int report_object(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size;
    bool *first = arg;
    const char *path = info->dlpi_name;
    if (*first)
        path = "/proc/self/exe";
    *first = false;
    if (path && *path == '/') /* the kernel's own object has no file */
        weft__dw.dwfl_report_elf(weft__dw.session, path, path, -1, info->dlpi_addr, true);
    return 0;
}

static const char *string_attribute(Dwarf_Die *die, unsigned name)
{
    Dwarf_Attribute attribute;
    return weft__dw.dwarf_formstring(weft__dw.dwarf_attr(die, name, &attribute));
}

static Dwarf_Die *unit_at(Dwfl_Module *module, Dwarf_Addr address, Dwarf_Addr *bias);

static void find_home(void)
{
    static const char self[] = "debug/dwarf.c";
    Dwarf_Addr address = (Dwarf_Addr)(uintptr_t)find_home, bias;
    Dwfl_Module *module = weft__dw.dwfl_addrmodule(weft__dw.session, address);
    Dwarf_Die *unit = module ? unit_at(module, address, &bias) : NULL;
    const char *name = unit ? weft__dw.dwarf_diename(unit) : NULL;
    size_t length = name ? strlen(name) : 0;
    home.length = 0;
    if (length < sizeof self || strcmp(name + length - (sizeof self - 1), self) != 0)
        return;
    home.name = name;
    home.length = length - (sizeof self - 1);
    home.folder = string_attribute(unit, DW_AT_comp_dir);
}

bool weft__dw_open(void)
{
    static char *path; /* NULL: the default places */
    static const Dwfl_Callbacks callbacks = {
        .find_elf = find_elf, .find_debuginfo = find_debuginfo, .debuginfo_path = &path};
    if (!load())
        return false;
    if (!weft__dw.session)
        weft__dw.session = weft__dw.dwfl_begin(&callbacks);
    if (!weft__dw.session)
        return false;
    bool first = true;
    last_unit.unit = NULL;
    weft__dw.dwfl_report_begin(weft__dw.session);
    dl_iterate_phdr(report_object, &first);
    weft__dw.dwfl_report_end(weft__dw.session, NULL, NULL);
    find_home();
    return true;
}

/* ---- looking up --------------------------------------------------------------------- */

/*
 * The compilation unit of an address.  gcc writes an index of them, clang does
 * not, and when both were at work libdw takes what the index lacks for a part
 * of the unit before.  Then all units are asked, the last one that was right
 * first.
 */
static Dwarf_Die *unit_at(Dwfl_Module *module, Dwarf_Addr address, Dwarf_Addr *bias)
{
    Dwarf_Die *unit = weft__dw.dwfl_module_addrdie(module, address, bias);
    if (unit && weft__dw.dwarf_haspc(unit, address - *bias) > 0)
        return unit;
    unit = NULL;
    if (last_unit.unit && last_unit.module == module &&
        weft__dw.dwarf_haspc(last_unit.unit, address - last_unit.bias) > 0) {
        *bias = last_unit.bias;
        return last_unit.unit;
    }
    while ((unit = weft__dw.dwfl_module_nextcu(module, unit, bias)))
        if (weft__dw.dwarf_haspc(unit, address - *bias) > 0)
            break;
    if (unit) {
        last_unit.module = module;
        last_unit.unit = unit;
        last_unit.bias = *bias;
    }
    return unit;
}

static const char *base_name(const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL;
    return slash ? slash + 1 : path;
}

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);
    return n >= m && strcmp(s + n - m, end) == 0;
}

static bool unit_is_ours(Dwarf_Die *unit)
{
    const char *name = weft__dw.dwarf_diename(unit);
    if (home.length == 0 || !name || strncmp(name, home.name, home.length) != 0)
        return false;
    if (*name != '/') {
        /* The name is relative, and a program's own files may lie in a src/ too. */
        const char *folder = string_attribute(unit, DW_AT_comp_dir);
        if (!folder || !home.folder || strcmp(folder, home.folder) != 0)
            return false;
        if (!strchr(name + home.length, '/'))
            return false;
    }
    return !ends_with(name, "_test.c") && !ends_with(name, "_bench.c");
}

static const char *line_at(Dwarf_Die *unit, Dwarf_Addr address, int *line)
{
    *line = 0;
    for (unsigned back = 0; back < LINE_BACK; back++) {
        Dwarf_Line *found = weft__dw.dwarf_getsrc_die(unit, address - back);
        if (!found || weft__dw.dwarf_lineno(found, line) != 0)
            return NULL;
        if (*line > 0)
            return base_name(weft__dw.dwarf_linesrc(found, NULL, NULL));
    }
    return NULL;
}

static const char *call_site(Dwarf_Die *unit, Dwarf_Die *inlined, int *line)
{
    Dwarf_Attribute attribute;
    Dwarf_Word file, number;
    Dwarf_Files *files;
    size_t count;
    *line = 0;
    if (weft__dw.dwarf_formudata(weft__dw.dwarf_attr(inlined, DW_AT_call_file, &attribute),
                                 &file) != 0 ||
        weft__dw.dwarf_formudata(weft__dw.dwarf_attr(inlined, DW_AT_call_line, &attribute),
                                 &number) != 0 ||
        weft__dw.dwarf_getsrcfiles(unit, &files, &count) != 0 || file >= count)
        return NULL;
    *line = (int)number;
    return base_name(weft__dw.dwarf_filesrc(files, file, NULL, NULL));
}

/* Inline functions of our headers: the user sees a macro. */
static bool is_macro_part(const char *function) { return strncmp(function, "weft_impl_", 10) == 0; }

static size_t functions_at(Dwfl_Module *module, Dwarf_Die *unit, Dwarf_Addr address,
                           struct symbol out[INLINE_MAX])
{
    Dwarf_Die *scopes = NULL, innermost;
    Dwarf_Addr bias;
    size_t n = 0;
    int line = 0;
    const char *file = line_at(unit, address, &line);
    bool ours = unit_is_ours(unit);

    int count = weft__dw.dwarf_getscopes(unit, address, &scopes);
    if (count > 0) {
        /* These scopes follow the source; from the innermost on we want those
         * of the code. */
        Dwarf *dwarf = weft__dw.dwfl_module_getdwarf(module, &bias);
        bool found =
            weft__dw.dwarf_offdie(dwarf, weft__dw.dwarf_dieoffset(&scopes[0]), &innermost) != NULL;
        free(scopes);
        scopes = NULL;
        count = found ? weft__dw.dwarf_getscopes_die(&innermost, &scopes) : 0;
    }
    for (int i = 0; i < count && n < INLINE_MAX; i++) {
        int tag = weft__dw.dwarf_tag(&scopes[i]);
        if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_subprogram)
            continue;
        Dwarf_Attribute attribute;
        const char *name = weft__dw.dwarf_formstring(
            weft__dw.dwarf_attr_integrate(&scopes[i], DW_AT_name, &attribute));
        bool inlined = tag == DW_TAG_inlined_subroutine;
        if (name && !(inlined && is_macro_part(name)))
            out[n++] = (struct symbol){.function = name,
                                       .function_length = (int)strlen(name),
                                       .file = file,
                                       .line = line,
                                       .runtime = ours};
        if (!inlined)
            break;
        file = call_site(unit, &scopes[i], &line);
    }
    free(scopes);
    if (n == 0 && file)
        out[n++] = (struct symbol){.file = file, .line = line, .runtime = ours};
    return n;
}

size_t weft__dw_lookup(uintptr_t address, struct symbol out[INLINE_MAX])
{
    Dwfl_Module *module = weft__dw.dwfl_addrmodule(weft__dw.session, address);
    if (!module)
        return 0;
    Dwarf_Addr bias;
    size_t n = 0;
    Dwarf_Die *unit = unit_at(module, address, &bias);
    if (unit)
        n = functions_at(module, unit, address - bias, out);
    if (n > 0 && out[n - 1].function)
        return n;
    GElf_Sym symbol;
    GElf_Off offset = 0;
    const char *name =
        weft__dw.dwfl_module_addrinfo(module, address, &offset, &symbol, NULL, NULL, NULL);
    if (!name)
        return n;
    if (n == 0)
        out[n++] = (struct symbol){0};
    out[n - 1].function = name;
    out[n - 1].function_length = weft__plain_length(name);
    out[n - 1].offset = offset;
    return n;
}
#endif
