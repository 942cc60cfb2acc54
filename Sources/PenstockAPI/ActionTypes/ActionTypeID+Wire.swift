// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockAccess
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

extension PenstockModel.ActionTypeID {
    /// - Throws: ``Rejection`` for a category or owner that this version does not know.
    init(reading wire: WireActionTypeID) throws {
        guard let id = Self(wire) else {
            throw Rejection(.validation, "The action type is of an unknown category or owner")
        }
        self = id
    }
}

extension WireActionTypeID {
    init(_ id: PenstockModel.ActionTypeID) {
        self.init(
            category: PenstockWire.ActionCategory(rawValue: id.category.rawValue),
            owner: PenstockWire.ActionOwner(rawValue: id.owner.rawValue),
            provider: id.provider,
            version: id.version
        )
    }
}
