// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockWire
import Testing

extension APITestBed {
    /// The type of ``PenstockWire/ActionTypeDeclaration/sample(owner:executor:allowed:properties:inputs:)``, as it is
    /// answered.
    func sampleType(as identity: TestIdentity = .partner) async throws -> ActionTypeDeclaration? {
        let input = GetActionTypeInput(category: .test, owner: "ThirdParty", provider: "Prober", version: "1")
        return try await self.call(Operations.GetActionType.self, input, as: identity).actionType
    }
}
