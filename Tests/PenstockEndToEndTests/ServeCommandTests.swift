// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPTypes
import PenstockClient
import PenstockServer
import PenstockTesting
import Testing

/// `penstock serve` and `penstock env` as processes.
struct ServeCommandTests {
    @Test func `The ready line names the address, and SIGTERM ends the server well`() async throws {
        try await TemporaryDirectory.use { directory in
            let (server, endpoint) = try await ProcessUnderTest.serve(directory + "/data")
            #expect(server.readyLine == "Penstock is ready at http://\(endpoint.authority)\n")
            let answer = try await send(.get, "/health/ready", to: endpoint)
            #expect(answer.status == 200)
            server.send(SIGTERM)
            #expect(try await server.ended().status == 0)
        }
    }

    @Test func `A second server on the directory is refused with a status of its own`() async throws {
        try await TemporaryDirectory.use { directory in
            let (server, _) = try await ProcessUnderTest.serve(directory + "/data")
            let second = try await ProcessUnderTest.run("serve", "--data-dir", directory + "/data", "--port", "0")
            #expect(second.status == 75)
            #expect(second.output.isEmpty)
            #expect(second.errors.contains("Another Penstock server, process"))
            server.send(SIGTERM)
            #expect(try await server.ended().status == 0)
        }
    }

    @Test func `Listening beyond this machine in the clear is refused`() async throws {
        try await TemporaryDirectory.use { directory in
            let refused = try await ProcessUnderTest.run(
                "serve", "--data-dir", directory + "/data", "--port", "0", "--host", "0.0.0.0")
            #expect(refused.status == 78)
            #expect(refused.errors.contains("--tls-certificate"))
            #expect(!FileManager.default.fileExists(atPath: directory + "/data"))
        }
    }

    @Test func `An address that is taken is named`() async throws {
        try await TemporaryDirectory.use { directory in
            let (server, endpoint) = try await ProcessUnderTest.serve(directory + "/one")
            let port = String(endpoint.authority.split(separator: ":").last ?? "")
            let second = try await ProcessUnderTest.run("serve", "--data-dir", directory + "/two", "--port", port)
            #expect(second.status == 69)
            #expect(
                second.errors.contains("penstock: Cannot listen on 127.0.0.1, port \(port): Address already in use.\n"))
            server.send(SIGKILL)
            _ = try await server.ended()
        }
    }

    @Test func `A host that nobody knows is an address that cannot be listened on`() async throws {
        try await TemporaryDirectory.use { directory in
            let refused = try await ProcessUnderTest.run(
                "serve", "--data-dir", directory + "/data", "--port", "0", "--host", "nosuchhost.invalid",
                "--insecure-http")
            #expect(refused.status == 69)
            #expect(refused.errors.contains("penstock: Cannot listen on nosuchhost.invalid, port 0: "))
        }
    }

    @Test func `A database that cannot be read is named`() async throws {
        try await TemporaryDirectory.use { directory in
            let path = directory + "/data"
            let (server, _) = try await ProcessUnderTest.serve(path)
            server.send(SIGTERM)
            #expect(try await server.ended().status == 0)
            let file = path + "/penstock.sqlite"
            try String(repeating: "no database ", count: 1000).write(toFile: file, atomically: false, encoding: .utf8)
            let refused = try await ProcessUnderTest.run("serve", "--data-dir", path, "--port", "0")
            #expect(refused.status == 74)
            #expect(refused.errors.contains("penstock: The database \(file) cannot be used: "))
        }
    }

    @Test(arguments: [
        "postgres://penstock:hush@127.0.0.1:1/penstock", "postgres://penstock:hush@[127.0.0.1/penstock",
    ])
    func `A PostgreSQL that does not answer is told without its password`(database: String) async throws {
        try await TemporaryDirectory.use { directory in
            try PrivateFile.write("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", to: directory + "/key")
            let refused = try await ProcessUnderTest.run(
                "serve", "--data-dir", directory + "/data", "--port", "0", "--database", database,
                "--master-key-file", directory + "/key")
            #expect(refused.status == 74)
            #expect(refused.errors.contains("penstock: The PostgreSQL database cannot be used: "))
            #expect(!refused.errors.contains("hush"))
        }
    }

    @Test func `How many connections to a database is asked only where there is one`() async throws {
        try await TemporaryDirectory.use { directory in
            let refused = try await ProcessUnderTest.run(
                "serve", "--data-dir", directory + "/data", "--port", "0", "--database-connections", "16")
            #expect(refused.status == 64)
            #expect(refused.errors.contains("--database-connections goes with --database."))
        }
    }

    @Test func `What was acknowledged survives SIGKILL`() async throws {
        try await TemporaryDirectory.use { directory in
            let path = directory + "/data"
            let (first, before) = try await ProcessUnderTest.serve(path)
            let credentials = try credentials(in: path)
            _ = try await send(.put, "/shop", to: before, credentials: credentials)
            let put = try await send(
                .put, "/shop/till.zip", to: before, body: .bytes(Array("receipts".utf8)), credentials: credentials)
            #expect(put.status == 200)
            first.send(SIGKILL)
            _ = try await first.ended()

            let (second, after) = try await ProcessUnderTest.serve(path)
            let got = try await send(.get, "/shop/till.zip", to: after, credentials: credentials)
            #expect(got.body == "receipts")
            second.send(SIGTERM)
            #expect(try await second.ended().status == 0)
        }
    }

    @Test func `Probes see that a server stops before it takes no more connections`() async throws {
        try await TemporaryDirectory.use { directory in
            let (server, endpoint) = try await ProcessUnderTest.serve(directory + "/data", "--drain-delay", "3600")
            server.send(SIGTERM)
            try await until { try await send(.get, "/health/ready", to: endpoint).status == 503 }
            let live = try await send(.get, "/health/live", to: endpoint)
            #expect(live.status == 200)
            server.send(SIGKILL)
            _ = try await server.ended()
        }
    }

    @Test func `The access log goes where it is told to, standard output too`() async throws {
        try await TemporaryDirectory.use { directory in
            let (server, endpoint) = try await ProcessUnderTest.serve(directory + "/data", "--access-log", "-")
            _ = try await send(.get, "/health/live", to: endpoint)
            server.send(SIGTERM)
            let ended = try await server.ended()
            #expect(ended.status == 0)
            #expect(ended.output.split(separator: "\n").last?.contains(#""surface":"operations","status":200"#) == true)
        }
    }

    @Test func `The environment is one that a shell can take over`() async throws {
        try await TemporaryDirectory.use { directory in
            let path = directory + "/it's data"
            let (server, endpoint) = try await ProcessUnderTest.serve(path)
            let printed = try await ProcessUnderTest.run("env", "--data-dir", path, "--region", "eu-central-1")
            #expect(printed.status == 0)
            let key = try credentials(in: path)
            #expect(
                printed.output.split(separator: "\n") == [
                    "unset AWS_ENDPOINT_URL_CODEPIPELINE",
                    "unset AWS_ENDPOINT_URL_S3",
                    "unset AWS_ENDPOINT_URL_STS",
                    "unset AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
                    "unset AWS_PROFILE",
                    "unset AWS_DEFAULT_PROFILE",
                    "unset AWS_SESSION_TOKEN",
                    "export AWS_ENDPOINT_URL='http://\(endpoint.authority)'",
                    "export AWS_ACCESS_KEY_ID='\(key.accessKeyID)'",
                    "export AWS_SECRET_ACCESS_KEY='\(key.secretAccessKey.revealed)'",
                    "export AWS_REGION='eu-central-1'",
                    "export AWS_DEFAULT_REGION='eu-central-1'",
                ])
            server.send(SIGTERM)
            _ = try await server.ended()
        }
    }

    @Test func `A server that was killed leaves no environment`() async throws {
        try await TemporaryDirectory.use { directory in
            let path = directory + "/data"
            let (server, _) = try await ProcessUnderTest.serve(path)
            server.send(SIGKILL)
            _ = try await server.ended()
            let printed = try await ProcessUnderTest.run("env", "--data-dir", path)
            #expect(printed.status == 74)
            #expect(printed.output.isEmpty)
            #expect(printed.errors.contains("No server is running on \(path)."))
        }
    }

    @Test func `Without a server there is no environment`() async throws {
        try await TemporaryDirectory.use { directory in
            let printed = try await ProcessUnderTest.run("env", "--data-dir", directory)
            #expect(printed.status != 0)
            #expect(printed.output.isEmpty)
            #expect(printed.errors.contains("penstock serve --data-dir '\(directory)'"))
        }
    }

    private func credentials(in directory: String) throws -> SigningCredentials {
        let file = SharedConfigFile(try #require(try PrivateFile.read(DataDirectoryFiles(directory).credentials)))
        let profile = try #require(file.profile("penstock"))
        return SigningCredentials(
            accessKeyID: try #require(profile["aws_access_key_id"]),
            secretAccessKey: SecretAccessKey(try #require(profile["aws_secret_access_key"])))
    }
}
