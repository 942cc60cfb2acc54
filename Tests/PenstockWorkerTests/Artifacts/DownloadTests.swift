// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPTypes
import PenstockSigning
import PenstockTesting
import Testing

@testable import PenstockWorker

/// How a handler reads its inputs.
@Suite(.timeLimit(.minutes(10))) struct DownloadTests {
    private static let path = "/artifacts/shop/Source/a1"
    private static let text = "a revision of the shop"

    private func store(_ text: String = text) -> PlayedStore { PlayedStore([Self.path: text]) }

    private func read(_ store: PlayedStore, pacing: ManualPacing? = nil, limit: Int = 1000) async throws -> String {
        let pacing = pacing ?? ManualPacing(skippingSleepsUpTo: .seconds(20))
        return try await withJob(store, pacing: pacing) { job in
            String(decoding: try await job.contents(of: job.inputArtifacts[0], limit: limit), as: UTF8.self)
        }
    }

    /// The error that a download ends with.
    private func error(_ store: PlayedStore, limit: Int = 1000) async -> ArtifactError? {
        await #expect(throws: ArtifactError.self) { try await self.read(store, limit: limit) }
    }

    @Test func `An input is read with the job's own credentials, signed, from where the job says`() async throws {
        let store = self.store()
        #expect(try await self.read(store) == Self.text)
        let request = try #require(store.requests.first)
        #expect(request.head.method == .get)
        #expect(request.head.authority == "127.0.0.1:7480" && request.head.path == Self.path)
        #expect(request.header("X-Amz-Security-Token") == "session-1")
        #expect(request.header("x-amz-checksum-mode") == "ENABLED")
        let signable = SignableRequest(request.head)
        let verifier = Verifier(policy: .s3(), cache: SigningKeyCache(capacity: 4))
        let checked = try verifier.check(
            ParsedAuthorization(signable), of: signable, at: SigningTime(secondsSinceEpoch: 1_795_435_200))
        let verified = try verifier.verify(
            checked, bodyHash: nil, key: .active(SecretAccessKey("artifact-secret")))
        #expect(verified.accessKeyID == "ASIA1" && verified.scope.region == "eu-west-1")
    }

    @Test func `A file gets its name once all is there, and its owner alone may read it`() async throws {
        try await TemporaryDirectory.use { directory in
            let target = directory + "/source.zip"
            try Data("an older one".utf8).write(to: URL(filePath: target))
            let store = self.store()
            try await withJob(store) { try await $0.download($0.inputArtifacts[0], to: target) }
            #expect(try String(contentsOfFile: target, encoding: .utf8) == Self.text)
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["source.zip"])
            let mode = try FileManager.default.attributesOfItem(atPath: target)[.posixPermissions] as? NSNumber
            #expect(mode?.intValue == 0o600)
        }
    }

    @Test func `A download that fails leaves what was there before, and nothing else`() async throws {
        try await TemporaryDirectory.use { directory in
            let target = directory + "/source.zip"
            try Data("an older one".utf8).write(to: URL(filePath: target))
            let error = await #expect(throws: ArtifactError.self) {
                try await withJob(PlayedStore()) { try await $0.download($0.inputArtifacts[0], to: target) }
            }
            #expect(error?.code == .refused)
            #expect(error?.serviceError?.code.rawValue == "NoSuchKey")
            #expect(error?.serviceError?.message == "refused & told")
            #expect(try String(contentsOfFile: target, encoding: .utf8) == "an older one")
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["source.zip"])
        }
    }

    @Test func `A place that cannot be written is told without naming it`() async throws {
        let error = await #expect(throws: ArtifactError.self) {
            try await withJob(self.store()) { try await $0.download($0.inputArtifacts[0], to: "/absent/secret-place") }
        }
        #expect(error?.code == .file)
        #expect(error?.message.contains("secret-place") == false)
    }

    @Test func `More than the limit is not read, whether or not the store says how much there is`() async throws {
        #expect(await self.error(self.store(), limit: 21)?.code == .tooLarge)
        #expect(try await self.read(self.store(), limit: 22) == Self.text)
        let store = self.store()
        store.interject { _ in TransportResponse(status: 200, body: Array(Self.text.utf8)) }
        #expect(await self.error(store, limit: 21)?.code == .tooLarge)
        #expect(store.requests.count == 1)
    }

    // MARK: Going on

    @Test func `A download that breaks off goes on from there, with the same object`() async throws {
        let store = self.store()
        let etag = "\"\(md5(Array(Self.text.utf8)))\""
        store.interject(
            { _ in .breaking(after: Array("a revi".utf8), headers: [.eTag: etag, .contentLength: "22"]) },
            { request in
                .breaking(
                    after: Array("sion".utf8), headers: [.eTag: etag, .contentRange: "bytes 6-21/22"], status: 206)
            })
        #expect(try await self.read(store) == Self.text)
        #expect(store.requests.map { $0.header("Range") } == [nil, "bytes=6-", "bytes=10-"])
        #expect(store.requests.map { $0.header("If-Match") } == [nil, etag, etag])
    }

    @Test func `Attempts that bring a download further may be many`() async throws {
        let bytes = Array(Self.text.utf8)
        let store = self.store()
        let etag = "\"\(md5(bytes))\""
        store.interject { _ in .breaking(after: [bytes[0]], headers: [.eTag: etag, .contentLength: "22"]) }
        for index in 1..<20 {
            store.interject { _ in
                .breaking(
                    after: [bytes[index]], headers: [.contentRange: "bytes \(index)-21/22"], status: 206)
            }
        }
        #expect(try await self.read(store) == Self.text)
        #expect(store.requests.count == 21)
    }

    @Test func `A store without ranges begins again, and nothing is doubled`() async throws {
        let store = self.store()
        let whole: ScriptedTransport.Answer = { _ in
            TransportResponse(status: 200, headers: [.contentLength: "22"], body: Array(Self.text.utf8))
        }
        store.interject({ _ in .breaking(after: Array("a re".utf8), headers: [.eTag: "\"x\""]) }, whole)
        #expect(try await self.read(store) == Self.text)
        #expect(store.requests.last?.header("Range") == "bytes=4-")
    }

    @Test func `An object that was replaced meanwhile is not mixed with its successor`() async throws {
        let store = self.store()
        store.interject { _ in .breaking(after: Array("the old".utf8), headers: [.eTag: "\"old\""]) }
        let error = await self.error(store)
        #expect(error?.code == .refused && error?.serviceError?.code.rawValue == "PreconditionFailed")
    }

    @Test func `A download that stands still is given up and goes on`() async throws {
        let store = self.store()
        let etag = "\"\(md5(Array(Self.text.utf8)))\""
        store.interject { _ in
            .breaking(
                after: Array("a revi".utf8), headers: [.eTag: etag, .contentLength: "22"], standingStill: true)
        }
        let pacing = ManualPacing(skippingSleepsUpTo: .seconds(20))
        async let text = self.read(store, pacing: pacing)
        // Twice: whatever arrived between two looks counts as movement.
        for _ in 0..<2 {
            await pacing.untilSomebodySleeps(for: .seconds(70))
            pacing.advance(by: .seconds(70))
        }
        #expect(try await text == Self.text)
        #expect(store.requests.last?.header("Range") == "bytes=6-")
    }

    @Test func `A store that cannot be reached is asked three times`() async throws {
        let store = self.store()
        let reset: ScriptedTransport.Answer = { _ in throw TransportError(.connectionFailed, "reset") }
        store.interject(reset, reset, reset)
        #expect(await self.error(store)?.code == .unreachable)
        #expect(store.requests.count == 3)
    }

    // MARK: Checks

    @Test(arguments: [Checksum.Algorithm.crc64NVME, .crc32, .crc32c, .sha1, .sha256])
    func `What arrives is compared with the checksum of the whole object`(_ algorithm: Checksum.Algorithm) async throws
    {
        let bytes = Array(Self.text.utf8)
        let store = PlayedStore()
        store.set(Self.path, bytes, [name(algorithm.headerName): checksum(bytes, algorithm)])
        #expect(try await self.read(store) == Self.text)
        store.set(Self.path, bytes, [name(algorithm.headerName): checksum(bytes + [0], algorithm)])
        let error = await self.error(store)
        #expect(error?.code == .corrupted)
        // Once well, and three times in vain, each time from the start.
        #expect(store.requests.count == 4)
        #expect(store.requests.allSatisfy { $0.header("Range") == nil })
    }

    @Test func `A damaged transfer is repeated`() async throws {
        let store = self.store()
        let etag = "\"\(md5(Array(Self.text.utf8)))\""
        store.interject { _ in
            TransportResponse(status: 200, headers: [.eTag: etag], body: Array("a revision of the shoq".utf8))
        }
        #expect(try await self.read(store) == Self.text)
        #expect(store.requests.count == 2)
    }

    @Test func `An entity tag is a checksum only where it is the content's MD5`() async throws {
        let wrong = String(repeating: "0", count: 32)
        let kms = name("x-amz-server-side-encryption")
        let bytes = Array(Self.text.utf8)
        let store = PlayedStore()
        store.set(Self.path, bytes, [.eTag: "\"\(wrong)\""])
        #expect(await self.error(store)?.code == .corrupted)
        store.set(Self.path, bytes, [.eTag: "\"\(wrong)\"", kms: "AES256"])
        #expect(await self.error(store)?.code == .corrupted)
        let silent: [HTTPFields] = [
            [.eTag: "\"\(wrong)-3\""], [.eTag: "\"\(wrong)\"", kms: "aws:kms"],
            [
                .eTag: "\"\(wrong)-3\"", name("x-amz-checksum-crc32"): checksum([1], .crc32),
                name("x-amz-checksum-type"): "COMPOSITE",
            ],
        ]
        for headers in silent {
            store.set(Self.path, bytes, headers)
            #expect(try await self.read(store) == Self.text)
        }
    }

    @Test func `Less than was announced is not all`() async throws {
        let store = PlayedStore()
        store.set(Self.path, Array(Self.text.utf8), [.contentLength: "23", .eTag: "\"x\""])
        let error = await self.error(store)
        #expect(error?.code == .corrupted)
        #expect(error?.message == "the artifact Source did not arrive whole: 22 of 23 bytes arrived")
    }

    // MARK: What becomes of it

    @Test func `An error that the handler does not catch fails the job with its kind`() async throws {
        for (code, type) in [
            ("AccessDenied", "PermissionError"), ("NoSuchKey", "RevisionUnavailable"), ("InvalidRequest", "JobFailed"),
        ] {
            let store = PlayedStore()
            store.interject { _ in .s3Error(code, 403) }
            let service = PlayedService(.custom, jobs: [.withArtifacts], objects: { try await store.answer($0) })
            try await RunningWorker.run(
                worker(service) { job in
                    _ = try await job.contents(of: job.inputArtifacts[0])
                    return .success()
                }
            ) { _ in await service.untilCalled("PutJobFailureResult") }
            let body = try #require(service.requests(of: "PutJobFailureResult").first).text
            #expect(
                body.contains(#""type":"\#(type)","message":"The artifact store refused the artifact Source: \#(code)"#)
            )
        }
    }

    @Test func `An artifact without a place is told apart`() async throws {
        let error = await #expect(throws: ArtifactError.self) {
            try await withJob(PlayedStore()) { _ = try await $0.contents(of: Artifact(name: "Nowhere")) }
        }
        #expect(error?.code == .noLocation)
    }
}
