// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import Testing

/// A value as databases keep it, the number of the format in front, with a way to read such bytes and write them again.
struct StoredSample: Sendable, CustomTestStringConvertible {
    let name: String
    let bytes: [UInt8]
    /// Whether the bytes, of whatever format, are read as the very value, to the last of them.
    let isRead: @Sendable ([UInt8]) throws(StateDecodingError) -> Bool
    /// Reads the bytes, which need not be the sample's, and writes what they said.
    let rewrite: @Sendable ([UInt8]) throws(StateDecodingError) -> [UInt8]

    init<Value: StateCodable & Hashable & Sendable>(_ value: Value, _ name: String = "") {
        self.name = name.isEmpty ? "\(Value.self)" : name
        self.bytes = Self.bytes(of: value)
        self.isRead = { bytes throws(StateDecodingError) in
            let (read, isWhole) = try Self.read(Value.self, from: bytes)
            return read == value && isWhole
        }
        self.rewrite = { bytes throws(StateDecodingError) in
            Self.bytes(of: try Self.read(Value.self, from: bytes).value)
        }
    }

    private static func bytes(of value: some StateCodable) -> [UInt8] {
        var writer = StateWriter()
        writer.write(UInt64(StateFormat.current))
        writer.write(value)
        return writer.bytes
    }

    private static func read<Value: StateCodable>(
        _: Value.Type,
        from bytes: [UInt8]
    ) throws(StateDecodingError) -> (value: Value, isWhole: Bool) {
        var reader = StateReader(bytes)
        try reader.adopt(format: Int(clamping: try reader.readUInt64()), of: "a row")
        let value = try reader.read(Value.self)
        return (value, reader.isAtEnd)
    }

    var testDescription: String { self.name }
}

extension StoredSample {
    /// One of every stored type at least, with everything optional both present and absent.
    static let all: [Self] =
        Self.documents(format: StateFormat.current) + [
            Self(PipelineHead(declaration: .shop([.stage("S1"), .stage("S2")])), "a head without history"),
            Self(Format1Values.bareExecution, "an execution that just started"),
            Self(StageGate(name: "S1")),
            Self(DepartedExecution(id: id(1), status: .stopped)),
            Self(StageTransition()),
            Self(PipelineExecution.Position.waiting(stage: "S2"), "a position in front of a stage"),
            Self(PipelineExecution.Position.inside, "a position inside a stage"),
            Self(PipelineExecution.Position.finished, "a position at the end"),
            Self(StopRequest(abandon: true, reason: "wrong region", requestedBy: mia)),
            Self(NamespaceVariables(namespace: "Build", values: [KeyedValue("Tag", "7")])),
            Self(StageRun(entering: .stage("S1"), at: at(1)), "a stage that was just entered"),
            Self(ActionRun(name: "A", runOrder: 2, attempt: nil)),
            Self(ActionAttempt(id: id(1), startedAt: at(1)), "an attempt that just started"),
            Self(Job(id: id(1), createdAt: at(1)), "a job that waits"),
            Self(ActionDeclaration.work(), "a bare action"),
            Self(FailureHandling.rollback, "a rollback after a failure"),
            Self(FailureHandling.retry(.allActions), "a retry after a failure"),
            Self(RuleDeclaration(name: "R", typeID: .variableCheck), "a bare rule"),
            Self(RuleRun(id: id(1), name: "R", startedAt: at(1)), "a rule that just started"),
            Self(ActionTypeExecutor(kind: .lambda(functionARN: "arn:aws:lambda:f")), "a function"),
            Self(SourceRevision(revisionID: "v7"), "a bare revision"),
            Self(ActionRevision(actionName: "Get", revision: SourceRevision(revisionID: "v7")), "a bound revision"),
            Self(Trigger(type: .webhookV2, detail: "{}")),
            Self(FailureDetails.broken),
        ]

    /// What databases keep whole, each as full as could be in the format.
    static func documents(format: Int) -> [Self] {
        let ofEveryFormat = [
            Self(Format1Values.attempt, "action-attempt"),
            Self(Format1Values.start, "action-start"),
            Self(Format1Values.job, "job"),
            Self(Format1Values.actionType, "action-type-definition"),
        ]
        switch format {
        case 1:
            return ofEveryFormat + [
                Self(Format1Values.head, "pipeline-head"),
                Self(Format1Values.execution(), "pipeline-execution"),
                Self(Format1Values.stageRun, "stage-run"),
                Self(Format1Values.declaration, "pipeline-declaration"),
            ]
        case 2:
            return ofEveryFormat + [
                Self(Format2Values.head, "pipeline-head"),
                Self(Format2Values.execution, "pipeline-execution"),
                Self(Format2Values.stageRun, "stage-run"),
                Self(Format2Values.declaration, "pipeline-declaration"),
                Self(Format2Values.ruleStart, "rule-start"),
                Self(Format2Values.ruleRun, "rule-run"),
            ]
        case let other: preconditionFailure("a new format needs values that show what is new: \(other)")
        }
    }
}
