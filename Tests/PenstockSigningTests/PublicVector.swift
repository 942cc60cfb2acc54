// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPTypes
import PenstockSigning

/// One of the public test vectors, in header and query form.
struct PublicVector: Sendable, CustomStringConvertible {
    struct Context: Decodable {
        struct Credentials: Decodable {
            var access_key_id: String
            var secret_access_key: String
            var token: String?
        }
        var credentials: Credentials
        var expiration_in_seconds: Int64
        var normalize: Bool
        var region: String
        var service: String
        var sign_body: Bool
        var timestamp: String
        var omit_session_token: Bool?
    }

    let folder: URL

    var description: String { self.folder.lastPathComponent }

    /// Where the vectors are: beside the repository, or below the folder that `PENSTOCK_SHARED` names.
    static let folder: URL = {
        let shared =
            ProcessInfo.processInfo.environment["PENSTOCK_SHARED"].map { URL(filePath: $0) }
            ?? repositoryRoot.deletingLastPathComponent().appending(path: "shared")
        return shared.appending(path: "vectors/sigv4")
    }()

    /// All vectors, sorted by name; none when they are not at hand.
    static let all: [PublicVector] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: Self.folder.path())) ?? []
        return names.sorted().map { PublicVector(folder: Self.folder.appending(path: $0)) }
    }()

    /// The token was added after signing, which a verifier must refuse.
    var addsTokenAfterSigning: Bool {
        get throws { try self.context.omit_session_token ?? false }
    }

    var context: Context {
        get throws {
            try JSONDecoder().decode(Context.self, from: Data(contentsOf: self.folder.appending(path: "context.json")))
        }
    }

    func text(_ file: String) throws -> String {
        try String(contentsOf: self.folder.appending(path: file), encoding: .utf8)
    }

    /// The request in a file: its head as a signature sees it, and its body.
    func request(_ file: String) throws -> (head: SignableRequest, body: [UInt8]) {
        let text = try self.text(file)
        let end = text.range(of: "\n\n")
        var lines = text[..<(end?.lowerBound ?? text.endIndex)].split(separator: "\n")
        let requestLine = lines.removeFirst()
        var fields: [(String, String)] = []
        for line in lines {
            if line.first == " ", let last = fields.indices.last {
                fields[last].1 += " " + line.trimmingCharacters(in: .whitespaces)
            } else if let colon = line.firstIndex(of: ":") {
                fields.append((String(line[..<colon]), String(line[line.index(after: colon)...])))
            }
        }
        let words = requestLine.split(separator: " ")
        let target = words.dropFirst().dropLast().joined(separator: " ")
        var head = SignableRequest(method: String(words[0]), target: target, host: "")
        for (key, value) in fields {
            if key == "Host" {
                head.host = value
            } else {
                head.headers.append(HTTPField(name: name(key), value: value))
            }
        }
        return (head, end.map { Array(text[$0.upperBound...].utf8) } ?? [])
    }

    var credentials: SigningCredentials {
        get throws {
            let context = try self.context
            return SigningCredentials(
                accessKeyID: context.credentials.access_key_id,
                secretAccessKey: SecretAccessKey(context.credentials.secret_access_key),
                sessionToken: context.omit_session_token == true ? nil : context.credentials.token)
        }
    }

    var policy: VerificationPolicy {
        get throws {
            let context = try self.context
            return VerificationPolicy(
                service: context.service, pathRule: context.normalize ? .normalized : .verbatim,
                payloadRule: .wholeBody)
        }
    }

    var time: SigningTime {
        get throws {
            let digits = try self.context.timestamp.filter { $0 != "-" && $0 != ":" }
            guard let time = SigningTime(basicFormat: digits) else { throw CocoaError(.formatting) }
            return time
        }
    }
}

/// The two places of a signature, by the prefix of the vectors' file names.
enum VectorForm: String, CaseIterable, Sendable {
    case header, query
}
