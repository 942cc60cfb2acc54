// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockStore

/// The action types of the simulation, and who asks.
enum SimulatedTypes {
    static let scope = Scope(account: .default, region: .default)
    static let mia = "arn:aws:iam::000000000000:user/mia"
    static let sourceBucket = "sources"

    static let maker = ActionTypeID(category: .build, owner: .custom, provider: "Maker", version: "1")
    /// Its workers poll for the jobs of one team.
    static let checker = ActionTypeID(category: .test, owner: .custom, provider: "Checker", version: "1")
    /// A partner's; one job has half an hour.
    static let shipper = ActionTypeID(category: .deploy, owner: .thirdParty, provider: "Shipper", version: "1")
    /// Nobody registered it.
    static let missing = ActionTypeID(category: .invoke, owner: .custom, provider: "Nobody", version: "1")

    static let teams = ["red", "blue"]
    static let teamProperty = "Team"

    static func rows(at created: Timestamp) -> [ActionTypeRow] {
        let partners = ActionTypeExecutor(
            kind: .jobWorker(pollingAccounts: [AccountID.default.rawValue], pollingServicePrincipals: []),
            jobTimeoutSeconds: 1800
        )
        return [
            self.row(self.maker, at: created),
            self.row(
                self.checker,
                properties: [
                    ActionTypeProperty(name: self.teamProperty, isRequired: true, isKey: true, isQueryable: true)
                ],
                at: created
            ),
            self.row(self.shipper, executor: partners, at: created),
        ]
    }

    private static func row(
        _ id: ActionTypeID,
        properties: [ActionTypeProperty] = [],
        executor: ActionTypeExecutor? = nil,
        at created: Timestamp
    ) -> ActionTypeRow {
        let definition = ActionTypeDefinition(
            id: id,
            properties: properties,
            inputArtifacts: ArtifactCount(0, 5),
            outputArtifacts: ArtifactCount(0, 5),
            executor: executor
        )
        return ActionTypeRow(
            region: .default, account: .default, definition: definition, document: [], created: created)
    }
}
