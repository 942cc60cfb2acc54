// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import PenstockClient
import PenstockServer
import PenstockTesting
import Testing

struct TLSTests {
    @Test func `With a certificate the server speaks TLS, and only TLS`() async throws {
        try await TemporaryDirectory.use { directory in
            var configuration = ServerConfiguration(dataDirectory: directory + "/data")
            let files = try makeCertificate(in: directory)
            configuration.tls = files
            try await TestServer.run(configuration) { server in
                let answer = try await withTrust(in: files.certificate) { client in
                    let request = HTTPClientRequest(url: "\(server.endpoint)health/ready")
                    return try await client.execute(request, timeout: .seconds(30)).status.code
                }
                #expect(answer == 200)
                #expect(server.endpoint.scheme == "https")
            }
        }
    }

    @Test func `A certificate that cannot be read stops the start`() async throws {
        try await TemporaryDirectory.use { directory in
            var configuration = ServerConfiguration(dataDirectory: directory + "/data")
            configuration.tls = ServerConfiguration.TLSFiles(certificate: directory + "/none", key: directory + "/none")
            let error = await #expect(throws: ServerError.self) { try await TestServer.run(configuration) { _ in } }
            #expect(error?.code == .configuration)
        }
    }

    /// A certificate for 127.0.0.1 that nobody else has signed.
    private func makeCertificate(in directory: String) throws -> ServerConfiguration.TLSFiles {
        let files = ServerConfiguration.TLSFiles(certificate: directory + "/cert.pem", key: directory + "/key.pem")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
            "-keyout", files.key, "-out", files.certificate,
        ]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "openssl makes the certificate")
        return files
    }

    /// A client that trusts this certificate alone.
    private func withTrust<Result>(in certificate: String, _ body: (HTTPClient) async throws -> Result) async throws
        -> Result
    {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .file(certificate)
        let client = HTTPClient(
            eventLoopGroup: .singletonMultiThreadedEventLoopGroup, configuration: .init(tlsConfiguration: tls))
        do {
            let result = try await body(client)
            try await client.shutdown()
            return result
        } catch {
            try await client.shutdown()
            throw error
        }
    }
}
