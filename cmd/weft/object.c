/* SPDX-License-Identifier: MIT */
/*
 * object.c - the symbols of an object file, and the files it was made from; see object.h.
 */
#include "object.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- text ------------------------------------------------------------------------------------ */

static bool is_word_byte(char c)
{
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The word, followed by a parenthesis, on a line that begins in the first column. */
static bool line_has_call(const char *line, const char *word)
{
    size_t n = strlen(word);
    if (!is_word_byte(*line))
        return false;
    for (const char *p = line; (p = strstr(p, word)); p += n) {
        const char *after = p + n + strspn(p + n, " \t");
        if ((p == line || !is_word_byte(p[-1])) && *after == '(')
            return true;
    }
    return false;
}

struct object object_of_text(const char *source)
{
    struct object found = {false, false, false};
    FILE *file = fopen(source, "re");
    char *line = NULL;
    size_t room = 0;
    while (file && getline(&line, &room, file) >= 0) {
        /* A declaration, with its semicolon, is not a definition. */
        bool declares = strchr(line, ';') && !strchr(line, '{');
        found.has_main |= !declares && line_has_call(line, "main");
        found.has_weft_main |= !declares && line_has_call(line, "weft_main");
        found.has_tests |= line_has_call(line, "WEFT_TEST");
    }
    free(line);
    if (file)
        fclose(file);
    return found;
}

/* ---- symbols --------------------------------------------------------------------------------- */

/* A file in memory; what is behind its end is not there. */
struct image {
    const char *at;
    size_t size;
};

static const void *part(const struct image *image, uint64_t offset, uint64_t size)
{
    bool inside = offset <= image->size && size <= image->size - offset;
    return inside ? image->at + offset : NULL;
}

/* False when it says that there are no others to see. */
static bool note_symbol(struct object *found, const char *name, bool defined)
{
    found->has_main |= defined && strcmp(name, "main") == 0;
    found->has_weft_main |= defined && strcmp(name, "weft_main") == 0;
    found->has_tests |= strcmp(name, "weft_impl_test_add") == 0;
    return strncmp(name, "__gnu_lto_slim", 14) != 0;
}

/* False when the symbols say nothing. */
static bool read_symbols(const struct image *image, struct object *found)
{
    const Elf64_Ehdr *head = part(image, 0, sizeof *head);
    if (!head || memcmp(head->e_ident, ELFMAG, SELFMAG) != 0 ||
        head->e_ident[EI_CLASS] != ELFCLASS64)
        return false;
    const Elf64_Shdr *section =
        part(image, head->e_shoff, (uint64_t)head->e_shnum * sizeof *section);
    const Elf64_Shdr *table = section, *end = section + head->e_shnum;
    while (section && table < end && table->sh_type != SHT_SYMTAB)
        table++;
    if (!section || table == end || table->sh_link >= head->e_shnum)
        return false;
    const Elf64_Shdr *names = &section[table->sh_link];
    const Elf64_Sym *symbol = part(image, table->sh_offset, table->sh_size);
    const char *text = part(image, names->sh_offset, names->sh_size);
    if (!symbol || !text || names->sh_size == 0 || text[names->sh_size - 1] != '\0')
        return false;
    for (size_t i = 0; i < table->sh_size / sizeof *symbol; i++)
        if (symbol[i].st_name < names->sh_size && ELF64_ST_BIND(symbol[i].st_info) != STB_LOCAL &&
            !note_symbol(found, text + symbol[i].st_name, symbol[i].st_shndx != SHN_UNDEF))
            return false;
    return true;
}

struct object object_read(const char *path, const char *source)
{
    struct object found = {false, false, false};
    struct stat info;
    bool known = false;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file >= 0 && fstat(file, &info) == 0 && info.st_size > 0) {
        struct image image = {.size = (size_t)info.st_size};
        void *map = mmap(NULL, image.size, PROT_READ, MAP_PRIVATE, file, 0);
        image.at = map;
        known = map != MAP_FAILED && read_symbols(&image, &found);
        if (map != MAP_FAILED)
            munmap(map, image.size);
    }
    if (file >= 0)
        close(file);
    return known ? found : object_of_text(source);
}

/* ---- dependencies ---------------------------------------------------------------------------- */

void object_reads(const char *path, struct list *files)
{
    FILE *file = fopen(path, "re");
    char *all = NULL;
    size_t room = 0;
    /* TARGET: FILE FILE \ <newline> FILE, where a backslash also keeps a space in a name. */
    if (file && getdelim(&all, &room, '\0', file) > 0) {
        char *p = strstr(all, ": ");
        for (p = p ? p + 2 : all + strlen(all); *p;) {
            char *word = text("%s", p), *end = word;
            for (; *p && !strchr(" \n", *p); p++) {
                if (*p == '\\' && (p[1] == ' ' || p[1] == '\n' || p[1] == '\\' || p[1] == '#'))
                    p++;
                if (*p == '\n')
                    break;
                *end++ = *p;
            }
            *end = '\0';
            if (*word)
                list_add(files, word);
            p += *p != '\0';
        }
    }
    free(all);
    if (file)
        fclose(file);
}
