// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPTypes
import PenstockSigning

/// The Python program that signs with botocore, an implementation that shares nothing with ours.
struct BotocorePeer {
    /// A signed request, as both sides write it.
    struct Request: Codable {
        var form: String
        var service: String
        var region: String
        var access_key: String
        var secret_key: String
        var token: String?
        var time: Int64
        var method: String
        var target: String
        var host: String
        var headers: [[String]]
        var body: Data
        var payload: Data?
    }

    private static let script = repositoryRoot.appending(path: "Conformance/signing/botocore_peer.py").path()

    /// The interpreter: `PENSTOCK_PYTHON`, the repository's virtual environment, or whatever `python3` is.
    private static let interpreter: String = {
        let environment = ProcessInfo.processInfo.environment["PENSTOCK_PYTHON"]
        let local = repositoryRoot.appending(path: ".venv/bin/python").path()
        return environment ?? (FileManager.default.isExecutableFile(atPath: local) ? local : "python3")
    }()

    /// Whether botocore can be imported.
    static let isAvailable = (try? run(["probe"])) != nil

    static func run(_ arguments: [String], input: Data = Data()) throws -> Data {
        let folder = FileManager.default.temporaryDirectory.appending(path: "penstock-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (inputFile, outputFile) = (folder.appending(path: "in"), folder.appending(path: "out"))
        try input.write(to: inputFile)
        try Data().write(to: outputFile)
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [Self.interpreter, Self.script] + arguments
        process.standardInput = try FileHandle(forReadingFrom: inputFile)
        process.standardOutput = try FileHandle(forWritingTo: outputFile)
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw CocoaError(.executableLoad) }
        return try Data(contentsOf: outputFile)
    }

    static func generate(count: Int, seed: UInt64) throws -> [Request] {
        try Self.run(["generate", "\(count)", "\(seed)"]).split(separator: UInt8(ascii: "\n"))
            .map { try JSONDecoder().decode(Request.self, from: Data($0)) }
    }

    /// How many requests botocore signed alike, and its account of those that it did not.
    static func check(_ requests: [Request]) throws -> (agreed: Int, disagreements: [String]) {
        let encoder = JSONEncoder()
        let input = try requests.map { try encoder.encode($0) }.reduce(into: Data()) { $0 += $1 + Data("\n".utf8) }
        let lines = try Self.run(["check"], input: input).split(separator: UInt8(ascii: "\n"))
        let disagreements = lines.dropLast().map { String(decoding: $0, as: UTF8.self) }
        let count = try lines.last.map { try JSONDecoder().decode([String: Int].self, from: Data($0)) }
        return ((count?["checked"] ?? 0) - disagreements.count, disagreements)
    }
}

extension BotocorePeer.Request {
    var credentials: SigningCredentials {
        SigningCredentials(
            accessKeyID: self.access_key, secretAccessKey: SecretAccessKey(self.secret_key), sessionToken: self.token)
    }

    var head: SignableRequest {
        var request = SignableRequest(method: self.method, target: self.target, host: self.host)
        for pair in self.headers { request.headers.append(HTTPField(name: name(pair[0]), value: pair[1])) }
        return request
    }

    var policy: VerificationPolicy {
        self.service == "s3" ? .s3() : .api(service: self.service)
    }
}
