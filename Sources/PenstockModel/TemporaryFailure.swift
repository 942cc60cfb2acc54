// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// An error that may tell of what passes by itself, such as a database that cannot be reached.
///
/// Each surface tells its clients to come back, in the words of its protocol.
public protocol TemporaryFailure: Error {
    /// Nothing was done, and the same may succeed soon.
    var isTemporary: Bool { get }
}
