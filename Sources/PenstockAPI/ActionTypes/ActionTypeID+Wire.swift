// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockModel
internal import PenstockWire

extension PenstockModel.ActionTypeID {
    /// `nil` for a category or owner that this version does not know, which reading a request rules out.
    init?(_ wire: PenstockWire.ActionTypeID) {
        guard let category = PenstockModel.ActionCategory(rawValue: wire.category.rawValue),
            let owner = PenstockModel.ActionOwner(rawValue: wire.owner.rawValue)
        else { return nil }
        self.init(category: category, owner: owner, provider: wire.provider, version: wire.version)
    }
}
