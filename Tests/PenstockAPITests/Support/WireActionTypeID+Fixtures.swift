// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockWire

/// As a client writes the action types of the fixtures.
extension ActionTypeID {
    static let checker = Self(category: .test, owner: .custom, provider: "Checker", version: "1")
    static let scanner = Self(category: .test, owner: .thirdParty, provider: "Scanner", version: "1")
}
