// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import PenstockWire

/// Calls operations one after another on one connection.
struct APIClient: ~Copyable {
    private var connection: HTTPConnection
    private var signer: RequestSigner
    private var administration: RequestSigner

    init(_ target: Target) throws {
        self.connection = try HTTPConnection(port: target.port)
        self.signer = target.signer()
        self.administration = target.signer(service: "penstock")
    }

    @discardableResult
    mutating func call<Operation: WireOperation>(
        _ operation: Operation.Type, _ input: Operation.Input, waitSeconds: Int? = nil
    ) throws -> Operation.Output {
        let answer = try self.connection.exchange(self.signer.request(operation, input, waitSeconds: waitSeconds))
        guard answer.status == 200 else { throw Refusal(answer) }
        return try operation.decodeOutput(answer.body)
    }

    /// Calls an operation of the administration, whose shapes are not part of the products.
    mutating func administer(_ operation: String, _ body: [String: Any]) throws -> [String: Any] {
        let json = Array(try JSONSerialization.data(withJSONObject: body))
        let request = self.administration.request(target: "Penstock_20261123.\(operation)", body: json)
        let answer = try self.connection.exchange(request)
        guard answer.status == 200 else { throw Refusal(answer) }
        guard !answer.body.isEmpty else { return [:] }
        return try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any] ?? [:]
    }
}

/// What the scenarios declare.
enum Declarations {
    static let custom = ActionTypeID(category: .deploy, owner: .custom, provider: "Bench", version: "1")
    static let partner = ActionTypeID(category: .test, owner: .thirdParty, provider: "BenchPartner", version: "1")
    static let approval = ActionTypeID(category: .approval, owner: .aws, provider: "Manual", version: "1")
    static let source = ActionTypeID(category: .source, owner: .custom, provider: "BenchSource", version: "1")

    /// The custom types, and the partner's.
    static func registerTypes(_ client: inout APIClient) throws {
        for type in [self.custom, self.source] {
            try client.call(
                Operations.CreateCustomActionType.self,
                CreateCustomActionTypeInput(
                    category: type.category, provider: type.provider, version: type.version,
                    inputArtifactDetails: ArtifactDetails(minimumCount: 0, maximumCount: 5),
                    outputArtifactDetails: ArtifactDetails(minimumCount: 0, maximumCount: 5)))
        }
        _ = try client.administer(
            "RegisterActionType",
            [
                "actionType": [
                    "id": [
                        "category": "Test", "owner": "ThirdParty", "provider": self.partner.provider, "version": "1",
                    ],
                    "executor": [
                        "type": "JobWorker",
                        "configuration": ["jobWorkerExecutorConfiguration": ["pollingAccounts": ["000000000000"]]],
                    ],
                    "inputArtifactDetails": ["minimumCount": 0, "maximumCount": 5],
                    "outputArtifactDetails": ["minimumCount": 0, "maximumCount": 5],
                    "permissions": ["allowedAccounts": ["*"]],
                ]
            ])
    }

    /// A pipeline whose source is a custom action, so that a worker of the benchmark decides when it goes on.
    static func pipeline(_ name: String, _ type: ActionTypeID, actions: Int) -> PipelineDeclaration {
        let source = ActionDeclaration(
            name: "Fetch", actionTypeID: self.source, outputArtifacts: [OutputArtifact(name: "Source")])
        let work = (0..<actions).map { number in
            ActionDeclaration(
                name: "Work\(number)", actionTypeID: type,
                inputArtifacts: type == self.approval ? nil : [InputArtifact(name: "Source")])
        }
        return PipelineDeclaration(
            name: name, roleARN: "arn:aws:iam::000000000000:role/bench",
            artifactStore: ArtifactStore(type: .s3, location: "bench"),
            stages: [
                StageDeclaration(name: "Source", actions: [source]), StageDeclaration(name: "Work", actions: work),
            ])
    }

    /// Makes a pipeline of two stages and four actions, and takes its first execution to its end.
    static func finishExecution(_ client: inout APIClient, of name: String) throws {
        let declaration = self.pipeline(name, self.custom, actions: 3)
        try client.call(Operations.CreatePipeline.self, CreatePipelineInput(pipeline: declaration))
        let passed = try self.passSources(&client)
        precondition(passed == 1, "nothing else waits for its source")
        var left = declaration.stages[1].actions.count
        while left > 0 {
            let poll = PollForJobsInput(actionTypeID: self.custom, maxBatchSize: 10)
            for job in try client.call(Operations.PollForJobs.self, poll).jobs ?? [] {
                guard let id = job.id, let nonce = job.nonce else { continue }
                try client.call(Operations.AcknowledgeJob.self, AcknowledgeJobInput(jobID: id, nonce: nonce))
                try client.call(Operations.PutJobSuccessResult.self, PutJobSuccessResultInput(jobID: id))
                left -= 1
            }
        }
    }

    /// Lets every source action that waits succeed; returns how many there were.
    static func passSources(_ client: inout APIClient) throws -> Int {
        var count = 0
        while true {
            let jobs =
                try client.call(
                    Operations.PollForJobs.self, PollForJobsInput(actionTypeID: self.source, maxBatchSize: 100)
                ).jobs ?? []
            if jobs.isEmpty { return count }
            for job in jobs {
                guard let id = job.id, let nonce = job.nonce else { continue }
                try client.call(Operations.AcknowledgeJob.self, AcknowledgeJobInput(jobID: id, nonce: nonce))
                try client.call(
                    Operations.PutJobSuccessResult.self,
                    PutJobSuccessResultInput(
                        jobID: id, currentRevision: CurrentRevision(revision: "1", changeIdentifier: "1")))
                count += 1
            }
        }
    }
}
