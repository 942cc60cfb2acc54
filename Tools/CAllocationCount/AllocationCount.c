// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

#include "CAllocationCount.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local AllocationCount count;

AllocationCount allocation_count(void) { return count; }

#ifdef __GLIBC__

bool allocations_are_counted(void) { return true; }

// What an executable defines comes before what the C library does, also for the libraries that the executable loads. So
// these functions replace the allocator of the whole process, as the manual of glibc lets them ("Replacing malloc").
//
// A block is exactly as large as was asked. Arrays grow into what an allocator gives besides, which depends on all that
// was allocated before; then a count would not be the same in every run.

void *__libc_malloc(size_t size);
void __libc_free(void *block);

/// What stands in front of the memory that is handed out.
typedef struct {
    void *block;
    size_t size;
} Header;

static const size_t minimum_alignment = sizeof(Header);

static Header *header(void *memory) { return (Header *)memory - 1; }

static void *allocate(size_t size, size_t alignment) {
    size_t space = sizeof(Header) + (alignment > minimum_alignment ? alignment : 0);
    count.allocations += 1;
    count.bytes += size;
    char *block = size > SIZE_MAX - space ? NULL : __libc_malloc(space + size);
    if (block == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    char *memory = block + sizeof(Header);
    if (alignment > minimum_alignment) memory += -(uintptr_t)memory & (alignment - 1);
    *header(memory) = (Header){.block = block, .size = size};
    return memory;
}

void *malloc(size_t size) { return allocate(size, minimum_alignment); }

void free(void *memory) {
    if (memory != NULL) __libc_free(header(memory)->block);
}

void *calloc(size_t number, size_t size) {
    size_t total;
    if (__builtin_mul_overflow(number, size, &total)) total = SIZE_MAX;
    void *memory = allocate(total, minimum_alignment);
    return memory == NULL ? NULL : memset(memory, 0, total);
}

void *realloc(void *memory, size_t size) {
    void *moved = allocate(size, minimum_alignment);
    if (memory == NULL || moved == NULL) return moved;
    size_t kept = header(memory)->size;
    memcpy(moved, memory, kept < size ? kept : size);
    free(memory);
    return moved;
}

void *aligned_alloc(size_t alignment, size_t size) { return allocate(size, alignment); }

void *memalign(size_t alignment, size_t size) { return allocate(size, alignment); }

int posix_memalign(void **memory, size_t alignment, size_t size) {
    void *allocated = allocate(size, alignment);
    if (allocated == NULL) return ENOMEM;
    *memory = allocated;
    return 0;
}

size_t malloc_usable_size(void *memory) { return memory == NULL ? 0 : header(memory)->size; }

#else

bool allocations_are_counted(void) { return false; }

#endif
