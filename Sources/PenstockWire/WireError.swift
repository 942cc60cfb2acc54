// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// Why a body could not be read.
public struct WireError: Error, Sendable, Hashable {
    /// The kinds of reasons; more may be added.
    public struct Code: Sendable, Hashable {
        private enum Base { case malformed, wrongType, brokenConstraints }
        private let base: Base
        private init(_ base: Base) {
            self.base = base
        }
        /// The body is not a JSON object, or nests too deep.
        public static let malformed = Self(.malformed)
        /// A member has another JSON type than it must have.
        public static let wrongType = Self(.wrongType)
        /// Everything has the right type, but values break constraints or are missing.
        public static let brokenConstraints = Self(.brokenConstraints)
    }

    /// The kind of the reason.
    public let code: Code
    /// The text that a client may see. It never contains a value from the body.
    public let message: String
    /// What exactly was found, for whoever has the document; `nil` when the message says it all.
    public let finding: String?
    /// At which byte of the document reading ended; `nil` for broken constraints, which do not end it.
    public let position: Int?
    /// The broken constraints, in the order of the service description.
    public let failures: [ValidationFailure]

    /// What exactly was found and at which byte, for the log; `nil` when the message says it all.
    public var detail: String? {
        guard let finding, let position else { return nil }
        return "\(finding) at byte \(position)"
    }

    /// The exception with which a service answers such a body.
    public var exception: ServiceException {
        ServiceException(self.code == .brokenConstraints ? .validation : .serialization, self.message)
    }

    static func malformed(_ finding: String, at position: Int) -> WireError {
        WireError(
            code: .malformed, message: "Could not parse request body", finding: finding, position: position,
            failures: [])
    }

    static func tooDeep(at position: Int) -> WireError {
        WireError(
            code: .malformed,
            message: "Could not parse request body: nested deeper than \(WireReader.maximumDepth) levels",
            finding: "nested deeper than \(WireReader.maximumDepth) levels", position: position, failures: [])
    }

    /// A member that its structure does not have, where that is no matter of newer clients.
    static func unknownMember(_ name: String, at position: Int) -> WireError {
        WireError(
            code: .malformed, message: "Could not parse request body", finding: "there is no member '\(name)' here",
            position: position, failures: [])
    }

    static func wrongType(_ message: String) -> WireError {
        WireError(code: .wrongType, message: message, finding: nil, position: nil, failures: [])
    }

    /// The same with the place of the value, which reading does not know before it has failed.
    func located(at position: Int, path: String) -> WireError {
        let message = path.isEmpty ? self.message : "\(self.message) at '\(path)'"
        return WireError(
            code: self.code, message: message, finding: self.finding, position: position, failures: self.failures)
    }

    static func brokenConstraints(_ failures: [ValidationFailure]) -> WireError {
        WireError(
            code: .brokenConstraints, message: ValidationFailure.message(for: failures), finding: nil, position: nil,
            failures: failures)
    }
}
