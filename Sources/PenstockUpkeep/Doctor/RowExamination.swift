// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockAccess
import PenstockArtifacts
import PenstockEngine
import PenstockModel
import PenstockServer
import PenstockStore

/// Reads every row once, and holds each against the others.
///
/// Tables come in the order of the contents, in which pipelines come before what hangs on them and objects before content.
final class RowExamination {
    private let masterKey: MasterKey?
    private(set) var findings: [Finding] = []
    private(set) var pipelines = PipelineExamination()
    private(set) var work = WorkExamination()
    private(set) var objects = ObjectExamination()
    private var masterKeyCheck: String?
    /// What the database is called in the other store that has its content; `nil` where that is files.
    private(set) var foreignIdentity: String?
    /// What the database is called in the directory that has its content; `nil` where no server has used one yet.
    private(set) var fileIdentity: String?

    init(masterKey: MasterKey?) { self.masterKey = masterKey }

    func run(_ contents: any ContentsReader) throws {
        for table in contents.tables {
            try contents.read(table, after: nil) { error in
                self.note(.unreadableRow, "a row:", error.message, advice: Self.advice(of: table))
            } _: { row in
                self.examine(ContentsFields(row, of: table))
            }
            if table.name == "live_execution" { self.pipelines.finishLive() }
        }
        self.pipelines.finish()
        self.work.finish(running: self.pipelines.runningActions, rules: self.pipelines.runningRules)
        self.objects.finish(isElsewhere: self.foreignIdentity != nil)
        self.findings += self.pipelines.findings + self.work.findings + self.objects.findings
        self.checkKey()
    }

    private func note(_ kind: Finding.Kind, _ subject: String, _ text: String, advice: String? = nil) {
        self.findings.append(Finding(kind, .error, subject, text, advice: advice))
    }

    /// A row that cannot be read is a finding, and no reason to stop.
    private func examine(_ fields: ContentsFields) {
        do {
            try self.read(fields)
        } catch {
            self.note(
                .unreadableRow, fields.name, "cannot be read: \(error)",
                advice: Self.advice(of: fields.table))
        }
    }

    private static func advice(of table: ContentsTable) -> String {
        let isOfPipeline = table.name == "pipeline" || table.columns.contains { $0.kind == .pipeline }
        return isOfPipeline ? "penstock pipelines delete reads nothing of it; or restore a backup" : "restore a backup"
    }

    private func read(_ fields: ContentsFields) throws {
        switch fields.table.name {
        case "pipeline", "pipeline_version", "live_execution", "archived_execution", "execution", "stage_entrance",
            "stage_run", "current_revision", "action_execution", "rule_execution":
            try self.pipelines.read(fields)
        case "job", "timer", "effect", "source_watch", "event_queue", "event", "dead_letter", "counter":
            try self.work.read(fields, self.objects)
        case "bucket", "object_version", "upload", "upload_part", "blob":
            try self.objects.read(fields)
        case "action_type":
            _ = try ActionTypeDefinition(storedBytes: fields.bytes("definition"))
            _ = try [KeyedValue](storedBytes: fields.bytes("tags"))
        case "connection":
            _ = try fields.scope()
            _ = try fields.optionalBytes("bound_type").map { try ActionTypeID(storedBytes: $0) }
        case "access_key": try self.readAccessKey(fields)
        case "setting":
            switch try fields.text("name") {
            case FirstStartSetting.masterKeyCheck:
                self.masterKeyCheck = String(decoding: try fields.bytes("value"), as: UTF8.self)
            case StoreSetting.artifactsInForeignStore:
                self.foreignIdentity = String(decoding: try fields.bytes("value"), as: UTF8.self)
            case StoreSetting.artifactsInFiles:
                self.fileIdentity = String(decoding: try fields.bytes("value"), as: UTF8.self)
            default: break
            }
        default: break
        }
    }

    private func readAccessKey(_ fields: ContentsFields) throws {
        for policy in try [String](storedBytes: fields.bytes("policies")) { _ = try PolicyDocument(parsing: policy) }
        let (id, sealed) = (try fields.text("id"), try fields.bytes("sealed_secret"))
        guard let masterKey, self.masterKeyCheck == nil || self.masterKeyCheck == masterKey.checkValue else { return }
        self.sealedSecrets.append((id: id, secret: sealed))
    }

    /// Opened once it is known whether the key is the one.
    private var sealedSecrets: [(id: String, secret: [UInt8])] = []

    private func checkKey() {
        guard let check = self.masterKeyCheck else { return }
        guard let masterKey else {
            return self.findings.append(
                Finding(
                    .missingKey, .warning, "the master key",
                    "is not at hand, and whether it is the one was not checked",
                    advice: "name it with --master-key-file"))
        }
        guard masterKey.checkValue == check else {
            return self.note(
                .otherKey, "the master key", "is not the one that the data was sealed under",
                advice: "put the right one back")
        }
        for (id, secret) in self.sealedSecrets {
            do {
                _ = try Sealer(masterKey: masterKey)
                    .open(secret, context: AccessKeyRecord.sealingContext(accessKeyID: id))
            } catch {
                self.note(
                    .unreadableSecret, "access_key \(id)", "has a secret that the master key does not open",
                    advice: "disable the key and make another")
            }
        }
    }
}
