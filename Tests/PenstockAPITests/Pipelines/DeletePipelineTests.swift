// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import PenstockModel
import PenstockWire
import Testing

@testable import PenstockAPI

struct DeletePipelineTests {
    @Test func `A deletion is answered without a body, whether there was anything or not`() async throws {
        let bed = try await APITestBed.withShipper()
        try await bed.create()
        for _ in 0..<2 {
            let answer = try await bed.send(TestRequest(Operations.DeletePipeline.self, body: #"{"name":"web"}"#))
            #expect(answer.status == 200)
            #expect(answer.body == [])
            #expect(answer.headers[.contentLength] == "0")
        }
        await #expect(throws: ServiceException.noPipeline("web")) { try await bed.get() }
    }

    @Test func `Pipelines of the same name elsewhere stay`() async throws {
        let bed = try await APITestBed.withShipper()
        try await bed.create()
        try await bed.create(as: .otherCustomer)
        try await bed.create(region: .elsewhere)
        try await bed.delete()
        #expect(try await bed.get(as: .otherCustomer).pipeline?.version == 1)
        #expect(try await bed.get(region: .elsewhere).pipeline?.version == 1)
    }

    @Test func `Work under way is gone with it`() async throws {
        let worker = try await APITestBed.withWorker(.custom)
        let job = try await worker.take()
        try await worker.bed.delete("shop")
        await #expect(throws: ServiceException.noJob(job.id)) { try await worker.succeed(job) }
        try await worker.bed.advance(by: .seconds(24 * 3600))
        await #expect(throws: ServiceException.noPipeline("shop")) { try await worker.bed.state() }
    }

    @Test func `Connections end with it, so that a successor must be connected anew`() async throws {
        let worker = try await APITestBed.withWorker(.partner)
        _ = try await worker.take()
        try await worker.bed.delete("shop")
        try await worker.bed.createPipeline(
            APITestBed.declaration([.stage("Build", .work(type: .scanner)), .stage("Release", .work("Ship"))]))
        #expect(try await worker.poll() == [])
        let token = try await worker.bed.connect()
        #expect(token != worker.token)
        #expect(try await worker.holding(token).poll().count == 1)
    }

    @Test func `The object that started it starts it no more`() async throws {
        let bed = try await APITestBed.withShipper()
        let source = Sample.source(configuration: ["S3Bucket": "sources", "S3ObjectKey": "app.zip"])
        try await bed.create(Sample.pipeline(deploying: Sample.deploy(), sources: [source]))
        try await bed.delete()
        try await bed.putSourceObject()
        try await bed.settle()
        await #expect(throws: ServiceException.noPipeline("web")) { try await bed.triggers() }
    }
}
