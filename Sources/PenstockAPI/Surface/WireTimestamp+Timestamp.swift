// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockModel
internal import PenstockWire

extension WireTimestamp {
    init(_ timestamp: Timestamp) { self.init(clampingMilliseconds: timestamp.millisecondsSinceEpoch) }
}
