// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
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
                #expect(server.endpoint.scheme == "https")
                var configuration = server.clientConfiguration
                configuration.retryPolicy = .never
                configuration.certificateAuthorityFile = files.certificate
                let trusting = CodePipelineClient(configuration: configuration)
                let answer = try await trusting.listPipelines()
                #expect(answer.pipelines == [])
                configuration.certificateAuthorityFile = nil
                let strange = CodePipelineClient(configuration: configuration)
                let error = await #expect(throws: ListPipelinesError.self) { try await strange.listPipelines() }
                #expect(error?.callFailure?.code == .unreachable)
                let told = "no authority that is believed has signed its certificate"
                #expect(error?.callFailure?.message == "the connection to \(server.endpoint.origin) failed: \(told)")
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
}
