/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a profile file, of both kinds. What is refused has a text that shows nothing of the
 * file; what is accepted can be asked for, and its text lies in the file's own block.
 */
#include "s3/credentials.h"

#include "fuzz.h"

static void check_inside(const hy_profile_file *file, const char *text)
{
    fuzz_check(!text || (text >= file->text && text + strlen(text) <= file->text + file->size));
}

static void check_entries(const hy_profile_file *file)
{
    for (size_t i = 0; i < file->count; i++) {
        const hy_profile_entry *entry = &file->entries[i];
        check_inside(file, entry->section);
        check_inside(file, entry->parent);
        check_inside(file, entry->name);
        check_inside(file, entry->value);
        fuzz_check(entry->section && (!entry->name) == (!entry->value));
        fuzz_check(i > 512 || hy_profile_file_find(file, entry->kind, entry->section, entry->parent,
                                                   entry->name));
    }
}

static void check(const char *text, size_t size, bool is_config)
{
    hy_profile_file file;
    hy_diag diag = {0};
    hydra_status status = hy_profile_file_parse(&file, text, size, "file", is_config, &diag);
    fuzz_check_outcome(status, &diag);
    fuzz_check(status == HYDRA_OK || !file.text);
    check_entries(&file);
    hy_profile_file_free(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check((const char *)data, size, false);
    check((const char *)data, size, true);
    return 0;
}
