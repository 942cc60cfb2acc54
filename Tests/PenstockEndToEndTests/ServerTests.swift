// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPTypes
import PenstockClient
import PenstockServer
import PenstockSigning
import PenstockTesting
import Testing

/// The server in this process, over real connections.
struct ServerTests {
    @Test func `A server that is ready says so to whoever asks`() async throws {
        try await TestServer.run { server in
            let ready = try await send(.get, "/health/ready", to: server.endpoint)
            #expect(ready.status == 200)
            let live = try await send(.get, "/health/live", to: server.endpoint)
            #expect(live.status == 200)
        }
    }

    @Test func `The first start leaves an administrator's key that signs`() async throws {
        try await TestServer.run { server in
            let file = SharedConfigFile(try #require(try PrivateFile.read(server.dataDirectory + "/credentials")))
            let profile = try #require(file.profile("penstock"))
            let credentials = SigningCredentials(
                accessKeyID: try #require(profile["aws_access_key_id"]),
                secretAccessKey: SecretAccessKey(try #require(profile["aws_secret_access_key"])))
            let body = Array("Action=GetCallerIdentity&Version=2011-06-15".utf8)
            let answer = try await send(
                .post, "/", to: server.endpoint, body: .bytes(body), service: "sts", credentials: credentials,
                payload: .sha256(PayloadHash(of: body)))
            #expect(answer.status == 200)
            #expect(answer.body.contains("<Arn>arn:aws:iam::000000000000:user/administrator</Arn>"))
        }
    }

    @Test func `No file of the data directory can be read by others`() async throws {
        try await TestServer.run { server in
            for name in try FileManager.default.contentsOfDirectory(atPath: server.dataDirectory) {
                #expect(try mode(server.dataDirectory + "/" + name) & 0o077 == 0, "\(name)")
            }
        }
    }

    @Test func `A second start goes on with what the first one left`() async throws {
        try await TemporaryDirectory.use { directory in
            let path = directory + "/data"
            let first = try await TestServer.run(dataDirectory: path) { server in
                _ = try await server.s3(.put, "/shop")
                let answer = try await server.s3(.put, "/shop/till.zip", "receipts")
                #expect(answer.status == 200)
                return server.credentials.accessKeyID
            }
            try await TestServer.run(dataDirectory: path) { server in
                #expect(server.credentials.accessKeyID == first)
                let answer = try await server.s3(.get, "/shop/till.zip")
                #expect(answer.body == "receipts")
            }
        }
    }

    @Test func `A crash between the key and its file costs nothing`() async throws {
        try await TemporaryDirectory.use { directory in
            let path = directory + "/data"
            let file = DataDirectoryFiles(path).credentials
            try await TestServer.run(dataDirectory: path) { _ in }
            let before = try PrivateFile.read(file)
            try FileManager.default.removeItem(atPath: file)
            try await TestServer.run(dataDirectory: path) { _ in }
            #expect(try PrivateFile.read(file) == before)
        }
    }

    @Test func `Credentials of another database are replaced, and those with a key of this one stay`() async throws {
        try await TemporaryDirectory.use { directory in
            let path = directory + "/data"
            let file = DataDirectoryFiles(path).credentials
            let other = "[other]\naws_access_key_id=AKIAAAAAAAAAAAAAAAAA\naws_secret_access_key=secret\n"
            try await TestServer.run(dataDirectory: path) { _ in }
            let before = try #require(try PrivateFile.read(file))
            try PrivateFile.write(other, to: file)
            try await TestServer.run(dataDirectory: path) { _ in }
            #expect(try PrivateFile.read(file) == before)
            try PrivateFile.write(other + before, to: file)
            try await TestServer.run(dataDirectory: path) { _ in }
            #expect(try PrivateFile.read(file) == other + before)
        }
    }

    @Test func `A lost master key is not replaced by a new one`() async throws {
        try await TemporaryDirectory.use { directory in
            let path = directory + "/data"
            try await TestServer.run(dataDirectory: path) { _ in }
            try FileManager.default.removeItem(atPath: path + "/master-key")
            let error = await #expect(throws: ServerError.self) {
                try await TestServer.run(dataDirectory: path) { _ in }
            }
            #expect(error?.code == .unusable)
            #expect(try PrivateFile.read(path + "/master-key") == nil)
        }
    }

    @Test func `Another master key does not open the data`() async throws {
        try await TemporaryDirectory.use { directory in
            let path = directory + "/data"
            try await TestServer.run(dataDirectory: path) { _ in }
            try PrivateFile.write(String(repeating: "A", count: 43), to: path + "/master-key")
            let error = await #expect(throws: ServerError.self) {
                try await TestServer.run(dataDirectory: path) { _ in }
            }
            #expect(error?.message == "The master key is not the one that this data was sealed under.")
        }
    }

    @Test func `The endpoint is written down while the server runs`() async throws {
        try await TemporaryDirectory.use { directory in
            let path = directory + "/data"
            let file = DataDirectoryFiles(path).endpoint
            try await TestServer.run(dataDirectory: path) { server in
                let text = try #require(try PrivateFile.read(file))
                #expect(text == "http://\(server.endpoint.authority)\n")
            }
            #expect(try PrivateFile.read(file) == nil)
        }
    }

    @Test func `A request in progress is finished before the server ends`() async throws {
        try await TestServer.run { server in
            #expect(try await server.s3(.put, "/shop").status == 200)
            let (rest, gate) = AsyncStream.makeStream(of: [UInt8].self)
            gate.yield(Array("first half, ".utf8))
            async let upload = send(
                .put, "/shop/till.zip", to: server.endpoint,
                body: .stream(TransportBody(rest), byteCount: 23), credentials: server.credentials)
            let incoming = server.dataDirectory + "/artifacts/incoming"
            try await until { try !FileManager.default.contentsOfDirectory(atPath: incoming).isEmpty }
            await server.beginShutdown()
            try await until { await !isListening(server.endpoint) }
            gate.yield(Array("second half".utf8))
            gate.finish()
            #expect(try await upload.status == 200)
        }
    }
}
