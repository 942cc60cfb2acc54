// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <stdbool.h>
#include <stdint.h>

/// What the calling thread has asked of the allocator since it began.
typedef struct {
    uint64_t allocations;
    uint64_t bytes;
} AllocationCount;

AllocationCount allocation_count(void);

/// Whether this executable counts at all: only where the C library is glibc.
bool allocations_are_counted(void);
