// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockModel
internal import PenstockStore
internal import PenstockWire

/// Answers around a version's document, which was written when the version was made.
enum PipelineAnswers {
    /// As `CreatePipelineOutput` and `UpdatePipelineOutput`.
    ///
    /// - Parameter tags: `nil` where the request named none, or has no place for them.
    static func changed(_ version: PipelineVersionRow, tags: [KeyedValue]? = nil) -> [UInt8] {
        var writer = WireWriter(capacity: version.document.count + 256)
        writer.beginObject()
        writer.member("pipeline", json: version.document)
        writer.member("tags", tags?.map { Tag(key: $0.key, value: $0.value) })
        writer.endObject()
        return writer.bytes
    }

    /// As `GetPipelineOutput`: the metadata is the pipeline's, whichever version is shown.
    static func described(
        _ version: PipelineVersionRow,
        _ summary: PipelineSummaryRow,
        pollingDisabledAt: Timestamp?
    ) -> [UInt8] {
        let metadata = PipelineMetadata(
            pipelineARN: summary.key.arn,
            created: WireTimestamp(summary.created),
            updated: WireTimestamp(summary.updated),
            pollingDisabledAt: pollingDisabledAt.map { WireTimestamp($0) }
        )
        var writer = WireWriter(capacity: version.document.count + 256)
        writer.beginObject()
        writer.member("pipeline", json: version.document)
        writer.member("metadata", metadata)
        writer.endObject()
        return writer.bytes
    }
}

extension PipelineSummary {
    init(_ row: PipelineSummaryRow) {
        self.init(
            name: row.key.name,
            version: row.version,
            pipelineType: WirePipelineType(rawValue: row.pipelineType.rawValue),
            executionMode: WireExecutionMode(rawValue: row.executionMode.rawValue),
            created: WireTimestamp(row.created),
            updated: WireTimestamp(row.updated)
        )
    }
}
