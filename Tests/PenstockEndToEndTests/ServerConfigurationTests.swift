// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockServer
import Testing

struct ServerConfigurationTests {
    @Test(arguments: ["127.0.0.1", "127.9.9.9", "localhost", "::1"])
    func `This machine needs no encryption`(host: String) throws {
        var configuration = ServerConfiguration(dataDirectory: "/nowhere")
        configuration.host = host
        try configuration.validate()
    }

    @Test(arguments: ["0.0.0.0", "::", "192.0.2.7", "ci.example.com", "127.0.0.1.example.com"])
    func `Beyond this machine plain HTTP is refused, and the refusal says what is at stake`(host: String) throws {
        var configuration = ServerConfiguration(dataDirectory: "/nowhere")
        configuration.host = host
        let error = #expect(throws: ServerError.self) { try configuration.validate() }
        #expect(error?.code == .configuration)
        #expect(error?.message.contains("not encrypted") == true)
        #expect(error?.message.contains("--insecure-http") == true)
    }

    @Test func `Beyond this machine plain HTTP is taken when it is meant`() throws {
        var configuration = ServerConfiguration(dataDirectory: "/nowhere")
        configuration.host = "0.0.0.0"
        configuration.allowsInsecureHTTP = true
        try configuration.validate()
    }

    @Test func `Beyond this machine TLS is enough`() throws {
        var configuration = ServerConfiguration(dataDirectory: "/nowhere")
        configuration.host = "0.0.0.0"
        configuration.tls = ServerConfiguration.TLSFiles(certificate: "c", key: "k")
        try configuration.validate()
    }

    @Test func `A shared database requires a master key of its own`() throws {
        var configuration = ServerConfiguration(dataDirectory: "/nowhere")
        configuration.database = .shared("postgres://db.example.com/penstock")
        #expect(throws: ServerError.self) { try configuration.validate() }
        configuration.masterKeyFile = "/run/key"
        try configuration.validate()
    }

    @Test(arguments: [0, -1, 1001])
    func `So many connections to the database are refused`(connections: Int) {
        var configuration = ServerConfiguration(dataDirectory: "/nowhere")
        configuration.databaseConnections = connections
        let error = #expect(throws: ServerError.self) { try configuration.validate() }
        #expect(error?.message == "The connections to the database must be a number from 1 to 1000.")
    }

    @Test(arguments: [1, 1000])
    func `So many connections to the database are taken`(connections: Int) throws {
        var configuration = ServerConfiguration(dataDirectory: "/nowhere")
        configuration.databaseConnections = connections
        try configuration.validate()
    }

    @Test func `Servers of a shared database have no clocks of their own`() throws {
        var configuration = ServerConfiguration(dataDirectory: "/nowhere")
        configuration.clock = .manual
        try configuration.validate()
        configuration.database = .shared("postgres://db.example.com/penstock")
        configuration.masterKeyFile = "/run/key"
        let error = #expect(throws: ServerError.self) { try configuration.validate() }
        #expect(error?.code == .configuration)
        #expect(error?.message.contains("each have a time of their own") == true)
    }

    @Test(arguments: [
        ("127.0.0.1", "http://127.0.0.1:7480"), ("localhost", "http://127.0.0.1:7480"),
        ("0.0.0.0", "http://127.0.0.1:7480"), ("::1", "http://[::1]:7480"), ("::", "http://[::1]:7480"),
        ("ci.example.com", "http://ci.example.com:7480"),
    ])
    func `Tools are given an address that S3 clients can put a path behind`(host: String, url: String) {
        #expect(ListeningAddress(host: host, port: 7480, isSecure: false).url == url)
    }

    @Test func `With TLS the name stays what the certificate says`() {
        #expect(ListeningAddress(host: "localhost", port: 7480, isSecure: true).url == "https://localhost:7480")
    }
}
