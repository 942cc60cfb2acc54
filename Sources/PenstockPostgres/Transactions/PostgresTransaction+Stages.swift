// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import PenstockStore

extension PostgresTransaction {
    func stageEntrances(of id: PipelineID) throws -> [StageEntranceRow] {
        try self.rows("SELECT details FROM stage_entrance WHERE pipeline = $1", [id]) {
            try $0.stored()
        }
    }

    func stageRuns(of id: PipelineID) throws -> [StageRunRow] {
        try self.rows("SELECT details FROM stage_run WHERE pipeline = $1", [id]) { try $0.stored() }
    }

    func currentRevisions(of id: PipelineID) throws -> [CurrentRevisionRow] {
        try self.rows("SELECT details FROM current_revision WHERE pipeline = $1", [id]) {
            try $0.stored()
        }
    }

    func putStageEntrance(_ row: StageEntranceRow, of pipeline: PipelineID) throws {
        try self.gather(
            """
            INSERT INTO stage_entrance (pipeline, stage, details) VALUES ($1, $2, $3)
            ON CONFLICT (pipeline, stage) DO UPDATE SET details = excluded.details
            """,
            [pipeline, row.stageName, row.storedBytes(format: self.format)]
        )
    }

    func putStageRun(_ row: StageRunRow, of pipeline: PipelineID) throws {
        try self.gather(
            """
            INSERT INTO stage_run (pipeline, stage, details) VALUES ($1, $2, $3)
            ON CONFLICT (pipeline, stage) DO UPDATE SET details = excluded.details
            """,
            [pipeline, row.run.stageName, row.storedBytes(format: self.format)]
        )
    }

    func putCurrentRevision(_ row: CurrentRevisionRow, of pipeline: PipelineID) throws {
        try self.gather(
            """
            INSERT INTO current_revision (pipeline, stage, action, details) VALUES ($1, $2, $3, $4)
            ON CONFLICT (pipeline, stage, action) DO UPDATE SET details = excluded.details
            """,
            [pipeline, row.stageName, row.actionName, row.storedBytes(format: self.format)]
        )
    }

    func deleteStage(_ name: String, of pipeline: PipelineID) throws {
        try self.gather(
            """
            WITH entrance AS (DELETE FROM stage_entrance WHERE pipeline = $1 AND stage = $2),
                run AS (DELETE FROM stage_run WHERE pipeline = $1 AND stage = $2)
            DELETE FROM current_revision WHERE pipeline = $1 AND stage = $2
            """,
            [pipeline, name]
        )
    }

    func insertStageSuccess(_ execution: PipelineExecutionID, stage: String, of pipeline: PipelineID) throws {
        try self.gather(
            "SELECT pipeline, version, sequence FROM execution WHERE pipeline = $1 AND id = $2",
            then: """
                INSERT INTO stage_success (pipeline, stage, version, sequence)
                SELECT pipeline, $3, version, sequence FROM found ON CONFLICT DO NOTHING
                """,
            [pipeline, execution, stage],
            orElse: "only an execution succeeds in a stage"
        )
    }
}
