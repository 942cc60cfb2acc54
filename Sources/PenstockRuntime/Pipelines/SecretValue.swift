// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockAccess
package import PenstockModel
package import PenstockStore

/// A secret configuration value of one action.
package struct SecretValue: Sendable, Hashable, StateCodable {
    package var stageName: String
    package var actionName: String
    package var key: String
    package var value: String

    package init(stageName: String, actionName: String, key: String, value: String) {
        self.stageName = stageName
        self.actionName = actionName
        self.key = key
        self.value = value
    }

    package init(from reader: inout StateReader) throws(StateDecodingError) {
        self.stageName = try reader.readString()
        self.actionName = try reader.readString()
        self.key = try reader.readString()
        self.value = try reader.readString()
    }

    package func encode(to writer: inout StateWriter) {
        writer.write(self.stageName)
        writer.write(self.actionName)
        writer.write(self.key)
        writer.write(self.value)
    }

    /// What sealed secrets of a version belong to.
    package static func sealingContext(pipeline: PipelineID, version: Int) -> String {
        "secrets/\(pipeline)/\(version)"
    }
}

extension RuntimeContext {
    /// The secrets of a version in clear.
    package func secrets(of row: PipelineVersionRow) throws -> [SecretValue] {
        guard let sealed = row.sealedSecrets else { return [] }
        let context = SecretValue.sealingContext(pipeline: row.pipelineID, version: row.declaration.version)
        var reader = StateReader(try self.sealer.open(sealed, context: context))
        return try reader.readArray()
    }

    /// The sealed form of a version's secrets; `nil` when there are none.
    package func seal(_ secrets: [SecretValue], pipeline: PipelineID, version: Int) throws -> [UInt8]? {
        guard !secrets.isEmpty else { return nil }
        var writer = StateWriter()
        writer.write(secrets)
        let context = SecretValue.sealingContext(pipeline: pipeline, version: version)
        return try self.sealer.seal(writer.bytes, context: context)
    }
}
