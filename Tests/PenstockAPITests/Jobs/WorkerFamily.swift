// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockRuntime
import PenstockStore
import Testing

/// The two families of job workers, which do the same by different operations.
enum WorkerFamily: Sendable, CaseIterable, CustomTestStringConvertible {
    /// Workers of the customer's own account.
    case custom
    /// A partner's workers, for many customers.
    case partner

    var type: ActionTypeID {
        switch self {
        case .custom: .checker
        case .partner: .scanner
        }
    }

    /// Whose workers they are.
    var identity: TestIdentity {
        switch self {
        case .custom: .customer
        case .partner: .partner
        }
    }

    var other: Self {
        switch self {
        case .custom: .partner
        case .partner: .custom
        }
    }

    var testDescription: String { "\(self)" }
}

extension TestWorker {
    /// A worker for whom there is nothing to do, connected to the action Work in the stage Build of a pipeline `shop`
    /// that is not there yet.
    static func idle(_ family: WorkerFamily, store: any Store) async throws -> Self {
        let bed = try await APITestBed(store: store)
        for each in WorkerFamily.allCases { try await bed.register(each) }
        var worker = Self(bed: bed, family: family)
        worker.token = try await bed.connect()
        return worker
    }
}

/// What a test may choose of the action type that its worker is for.
struct WorkerType: Sendable {
    var properties: [ActionTypeProperty] = []
    var urls = ActionTypeURLs()
    /// Of the partner's type.
    var jobTimeoutSeconds: Int?
}

extension APITestBed {
    /// Registers the type of the family.
    func register(_ family: WorkerFamily, _ type: WorkerType = WorkerType()) async throws {
        switch family {
        case .custom: try await self.register(properties: type.properties, urls: type.urls)
        case .partner:
            let poller = TestIdentity.partner.account.rawValue
            let executor = ActionTypeExecutor(
                kind: .jobWorker(pollingAccounts: [poller], pollingServicePrincipals: []),
                jobTimeoutSeconds: type.jobTimeoutSeconds
            )
            try await self.register(
                .scanner, by: .partner, properties: type.properties, urls: type.urls, executor: executor)
        }
    }

    /// The pipeline `shop` with the action Work of the family in its stage Build, and an action of the customer's own,
    /// called Ship, in its stage Release; and a worker for Work.
    ///
    /// - Parameter build: Instead of Work; the one that is called Work is connected, if it is a partner's.
    static func withWorker(
        _ family: WorkerFamily = .custom,
        build: [ActionDeclaration]? = nil,
        type: WorkerType = WorkerType(),
        secrets: [SecretValue] = [],
        settings: RuntimeSettings = RuntimeSettings()
    ) async throws -> TestWorker {
        let bed = try await APITestBed(settings: settings)
        if family == .partner { try await bed.register(.custom) }
        try await bed.register(family, type)
        let build = StageDeclaration(name: "Build", actions: build ?? [.work(type: family.type)])
        var worker = TestWorker(bed: bed, family: family)
        if family == .partner { worker.token = try await bed.connect() }
        let declaration = Self.declaration([build, .stage("Release", .work("Ship"))])
        let execution = try await bed.createPipeline(declaration, secrets: secrets)
        worker.execution = try #require(execution).description
        return worker
    }
}
