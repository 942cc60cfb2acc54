// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

// The shapes of the API are part of this product's interface, so that one import is enough.
@_exported public import PenstockWire
@_exported public import struct PenstockSigning.SecretAccessKey
@_exported public import struct PenstockSigning.SigningCredentials
