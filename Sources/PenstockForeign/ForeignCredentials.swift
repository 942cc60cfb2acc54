// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockOutbound
package import PenstockSigning

/// Where the key for another store is kept, which is never the command line.
///
/// Source: AWS SDKs and Tools Reference Guide, Shared config and credentials files, and Environment variables.
package struct ForeignCredentials: Sendable {
    /// The text of the file, or `nil` when there is none. It blocks.
    package typealias FileReader = @Sendable (_ path: String) throws -> String?

    private enum Source: Sendable {
        case environment(SigningCredentials)
        case file(path: String, profile: String)
    }

    private let source: Source
    private let readFile: FileReader

    /// A profile or a file that is named is meant; else the key of the environment, if it has one, else the shared file.
    init(
        profile: String?, file: String?, environment: [String: String], readFile: @escaping FileReader
    ) throws(ConfigurationProblem) {
        self.readFile = readFile
        if profile == nil, file == nil, let id = environment["AWS_ACCESS_KEY_ID"], !id.isEmpty {
            guard let secret = environment["AWS_SECRET_ACCESS_KEY"], !secret.isEmpty else {
                throw ConfigurationProblem(at: "AWS_SECRET_ACCESS_KEY", "is missing beside AWS_ACCESS_KEY_ID")
            }
            let token = environment["AWS_SESSION_TOKEN"].flatMap { $0.isEmpty ? nil : $0 }
            self.source = .environment(
                SigningCredentials(accessKeyID: id, secretAccessKey: SecretAccessKey(secret), sessionToken: token))
            return
        }
        let shared = environment["AWS_SHARED_CREDENTIALS_FILE"] ?? environment["HOME"].map { "\($0)/.aws/credentials" }
        guard let path = file ?? shared else {
            throw ConfigurationProblem(
                at: "credentials", "is missing, and neither AWS_ACCESS_KEY_ID nor AWS_SHARED_CREDENTIALS_FILE is set")
        }
        self.source = .file(path: path, profile: profile ?? environment["AWS_PROFILE"] ?? "default")
    }

    /// Reads them; those of a file are read again when the store refuses them.
    func load() throws(ConfigurationProblem) -> S3Credentials {
        switch self.source {
        case .environment(let credentials): return S3Credentials(credentials)
        case .file(let path, let profile):
            let readFile = self.readFile
            let first = try Self.read(path, profile, readFile)
            return S3Credentials(first) { try? Self.read(path, profile, readFile) }
        }
    }

    private static func read(
        _ path: String, _ profile: String, _ readFile: FileReader
    ) throws(ConfigurationProblem) -> SigningCredentials {
        let text: String?
        do {
            text = try readFile(path)
        } catch {
            throw ConfigurationProblem(at: "credentials", "cannot be read: \(error)")
        }
        guard let text else {
            throw ConfigurationProblem(
                at: "credentials",
                "must be a file with a key, or AWS_ACCESS_KEY_ID be set: there is no \(path)")
        }
        guard let credentials = Self.credentials(of: profile, in: text) else {
            throw ConfigurationProblem(
                at: "profile",
                "must be one of \(path) with aws_access_key_id and aws_secret_access_key; '\(profile)' is none")
        }
        return credentials
    }

    /// What the section of this name has; of a name that stands there twice the later one counts.
    package static func credentials(of profile: String, in text: String) -> SigningCredentials? {
        var (isInProfile, values) = (false, [String: String]())
        for line in text.split(whereSeparator: \.isNewline) {
            let line = line.trimmed
            guard let first = line.first, first != "#", first != ";" else { continue }
            if first == "[" {
                isInProfile = line.dropFirst().prefix { $0 != "]" }.trimmed == profile
            } else if isInProfile, let mark = line.firstIndex(of: "=") {
                values[line[..<mark].trimmed.lowercased()] = String(line[line.index(after: mark)...].trimmed)
            }
        }
        guard let id = values["aws_access_key_id"], !id.isEmpty, let secret = values["aws_secret_access_key"],
            !secret.isEmpty
        else { return nil }
        let token = values["aws_session_token"].flatMap { $0.isEmpty ? nil : $0 }
        return SigningCredentials(accessKeyID: id, secretAccessKey: SecretAccessKey(secret), sessionToken: token)
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        var text = self.drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}
