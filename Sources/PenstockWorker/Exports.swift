// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

// A worker is built on a client, so one import is enough.
@_exported public import PenstockClient
