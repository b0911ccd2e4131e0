/* SPDX-License-Identifier: MIT */
/*
 * Function names from the symbol tables of the loaded files, for machines
 * without libdw.  The loader's own table, dladdr()'s, has exported names only,
 * and a program's functions are none of them.
 *
 * A file is mapped when the first of its addresses is asked for, and stays so.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "debug/lookup.h"
#include "debug/trace.h"

enum { FILES_MAX = 64 };

/* Belongs to the thread inside weft__with_symbols(). */
static struct file {
    uintptr_t bias;
    char name[sizeof((struct code *)0)->name];
    const char *at; /* NULL: it could not be read */
    size_t size;
    const ElfW(Sym) * symbols;
    size_t symbol_count;
    const char *strings;
    size_t string_size;
} files[FILES_MAX];
static size_t file_count;

struct wanted {
    uintptr_t bias;
    char path[1024];
    bool first;
};

static int find_path(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size;
    struct wanted *w = arg;
    bool program = w->first;
    w->first = false;
    if (info->dlpi_addr != w->bias)
        return 0;
    const char *path = program ? "/proc/self/exe" : info->dlpi_name;
    if (path && strlen(path) < sizeof w->path)
        strcpy(w->path, path);
    return 1;
}

static bool within(const struct file *f, size_t offset, size_t size)
{
    return offset <= f->size && size <= f->size - offset;
}

/* The full table if there is one, else the loader's. */
static void find_tables(struct file *f)
{
    const ElfW(Ehdr) *head = (const ElfW(Ehdr) *)f->at;
    if (!within(f, 0, sizeof *head) || memcmp(head->e_ident, ELFMAG, SELFMAG) != 0 ||
        head->e_shentsize != sizeof(ElfW(Shdr)) ||
        !within(f, head->e_shoff, (size_t)head->e_shnum * sizeof(ElfW(Shdr))))
        return;
    const ElfW(Shdr) *sections = (const ElfW(Shdr) *)(f->at + head->e_shoff);
    for (unsigned i = 0; i < head->e_shnum; i++) {
        const ElfW(Shdr) *s = &sections[i];
        if ((s->sh_type != SHT_SYMTAB && s->sh_type != SHT_DYNSYM) || s->sh_link >= head->e_shnum)
            continue;
        const ElfW(Shdr) *strings = &sections[s->sh_link];
        if (!within(f, s->sh_offset, s->sh_size) ||
            !within(f, strings->sh_offset, strings->sh_size) || strings->sh_size == 0 ||
            f->at[strings->sh_offset + strings->sh_size - 1] != '\0')
            continue;
        f->symbols = (const ElfW(Sym) *)(f->at + s->sh_offset);
        f->symbol_count = s->sh_size / sizeof *f->symbols;
        f->strings = f->at + strings->sh_offset;
        f->string_size = strings->sh_size;
        if (s->sh_type == SHT_SYMTAB)
            return;
    }
}

static void open_file(struct file *f)
{
    struct wanted w = {.bias = f->bias, .first = true};
    struct stat st;
    dl_iterate_phdr(find_path, &w);
    int fd = *w.path == '/' ? open(w.path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    if (fstat(fd, &st) == 0 && st.st_size > 0) {
        f->size = (size_t)st.st_size;
        void *at = mmap(NULL, f->size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (at != MAP_FAILED) {
            f->at = at;
            find_tables(f);
        }
    }
    close(fd);
}

static struct file *file_of(const struct code *c)
{
    for (size_t i = 0; i < file_count; i++)
        if (files[i].bias == c->bias && strcmp(files[i].name, c->name) == 0)
            return &files[i];
    if (file_count == FILES_MAX)
        return NULL;
    struct file *f = &files[file_count++];
    f->bias = c->bias;
    strcpy(f->name, c->name);
    open_file(f);
    return f;
}

bool weft__elf_symbol(uintptr_t address, struct symbol *out)
{
    const struct code *c = weft__code_at(address);
    const struct file *f = c ? file_of(c) : NULL;
    if (!f)
        return false;
    uintptr_t at = address - c->bias;
    const ElfW(Sym) *best = NULL;
    for (size_t i = 0; i < f->symbol_count; i++) {
        const ElfW(Sym) *s = &f->symbols[i];
        unsigned type = s->st_info & 15;
        if (s->st_shndx == SHN_UNDEF || (type != STT_FUNC && type != STT_GNU_IFUNC) ||
            s->st_name >= f->string_size || at < s->st_value ||
            at - s->st_value >= (s->st_size ? s->st_size : 1))
            continue;
        if (!best || s->st_value > best->st_value)
            best = s;
    }
    if (!best)
        return false;
    out->function = f->strings + best->st_name;
    out->function_length = weft__plain_length(out->function);
    out->offset = at - best->st_value;
    return true;
}
