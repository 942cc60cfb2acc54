// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockRuntime
import PenstockStore

extension ActionTypeID {
    /// What workers of the customer's own account do.
    static let checker = Self(category: .test, owner: .custom, provider: "Checker", version: "1")
    /// What ``TestIdentity/partner`` does for its customers.
    static let scanner = Self(category: .test, owner: .thirdParty, provider: "Scanner", version: "1")
}

/// What needs no operation of the API: it is put where an operation would put it.
extension APITestBed {
    /// Registers an action type, with room for up to five artifacts on either side.
    func register(
        _ id: ActionTypeID = .checker,
        by identity: TestIdentity = .customer,
        region: Region = .default,
        properties: [ActionTypeProperty] = [],
        urls: ActionTypeURLs = ActionTypeURLs(),
        executor: ActionTypeExecutor? = nil,
        isDeleted: Bool = false
    ) async throws {
        let row = ActionTypeRow(
            region: region,
            account: identity.account,
            definition: ActionTypeDefinition(
                id: id,
                properties: properties,
                inputArtifacts: ArtifactCount(0, 5),
                outputArtifacts: ArtifactCount(0, 5),
                urls: urls,
                executor: executor,
                allowedAccounts: ["*"]
            ),
            document: [],
            created: self.clock.now,
            isDeleted: isDeleted
        )
        try await self.store.write { try $0.putActionType(row) }
        self.context.catalog.invalidate()
    }

    /// Registers the partner's type, whose jobs its workers may poll.
    func registerPartnerType(
        _ id: ActionTypeID = .scanner,
        pollingAccounts: [AccountID] = [TestIdentity.partner.account],
        jobTimeoutSeconds: Int? = nil
    ) async throws {
        let executor = ActionTypeExecutor(
            kind: .jobWorker(pollingAccounts: pollingAccounts.map(\.rawValue), pollingServicePrincipals: []),
            jobTimeoutSeconds: jobTimeoutSeconds
        )
        try await self.register(id, by: .partner, executor: executor)
    }

    /// What is on record of the account's calls.
    func auditEntries(of identity: TestIdentity = .customer) async throws -> [AuditRow] {
        try await self.store.read { try $0.auditEntries(of: identity.account, limit: 100) }
    }

    /// Creates a pipeline, which starts its first execution; returns that execution's id.
    @discardableResult
    func createPipeline(
        _ declaration: PipelineDeclaration,
        secrets: [SecretValue] = [],
        as identity: TestIdentity = .customer
    ) async throws -> PipelineExecutionID? {
        let definition = PipelineDefinition(declaration: declaration, secrets: secrets, masked: []) { _ in [] }
        let call = self.caller(identity)
        _ = try await self.pipelines.create(call, definition, tags: [])
        let executions = try await self.pipelines.executions(
            call, name: declaration.name, succeededIn: nil, before: nil, limit: 1)
        return executions.first?.id
    }

    /// Creates a pipeline with one action, called Work, in each of its stages.
    @discardableResult
    func createPipeline(
        _ name: String = "shop",
        stages: [String] = ["Build", "Release"],
        type: ActionTypeID = .checker,
        configuration: [KeyedValue] = [],
        secrets: [SecretValue] = [],
        as identity: TestIdentity = .customer
    ) async throws -> PipelineExecutionID? {
        let stages = stages.map { stage in
            StageDeclaration(
                name: stage,
                actions: [
                    ActionDeclaration(name: "Work", typeID: type, configuration: configuration)
                ]
            )
        }
        let declaration = PipelineDeclaration(
            name: name,
            artifactStores: [ArtifactStoreDeclaration(bucket: "artifacts")],
            stages: stages
        )
        return try await self.createPipeline(declaration, secrets: secrets, as: identity)
    }
}
