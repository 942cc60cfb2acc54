// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockWire
import Testing

struct ClockSkewTests {
    @Test func `A server whose clock is behind does not set back the times of an execution`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        let began = bed.now
        let behind = try await APITestBed(store: bed.store)
        #expect(behind.now == began)
        try await bed.advance(by: .seconds(60))
        try await bed.fail(bed.takeJob())
        try await behind.retry("Build", id)
        #expect(try await bed.attempts(of: id).map(\.startTime) == [bed.now, began])
        #expect(try await bed.executions().first?.lastUpdateTime == bed.now)
        try await behind.advance(by: .seconds(90))
        try await behind.succeed(behind.takeJob())
        #expect(try await bed.executions().first?.lastUpdateTime == behind.now)
    }
}
