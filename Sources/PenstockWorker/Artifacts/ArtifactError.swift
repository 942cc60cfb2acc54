// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// Why an artifact could not be read or written.
///
/// A handler that does not catch it fails its job with ``JobFailure/init(_:)``.
public struct ArtifactError: Error, Sendable, CustomStringConvertible {
    /// The kinds of reasons; more may be added.
    public struct Code: Sendable, Hashable {
        private enum Base { case noLocation, jobIsOver, refused, unreachable, tooLarge, corrupted, file, cancelled }
        private let base: Base
        private init(_ base: Base) { self.base = base }
        /// The job does not say where the artifact is.
        public static let noLocation = Self(.noLocation)
        /// The job has ended, and with it the right to its artifacts.
        public static let jobIsOver = Self(.jobIsOver)
        /// The store refused; ``ArtifactError/serviceError`` says why.
        public static let refused = Self(.refused)
        /// There was no answer, or no credentials; retries did not help.
        public static let unreachable = Self(.unreachable)
        /// The artifact is larger than the caller reads, or than one upload can be.
        public static let tooLarge = Self(.tooLarge)
        /// What arrived is not what was sent, by its length or checksum; retries did not help.
        public static let corrupted = Self(.corrupted)
        /// A file of this machine could not be read or written.
        public static let file = Self(.file)
        /// The task was cancelled.
        public static let cancelled = Self(.cancelled)
    }

    /// The kind of the reason.
    public var code: Code
    /// For the pipeline's history as well as for logs: it names no path of this machine and no secret.
    public var message: String
    /// The store's refusal, if it was one.
    public var serviceError: ServiceError?
    /// What was behind it.
    public var underlying: (any Error)?

    /// Creates an error, as test doubles do.
    public init(
        _ code: Code, _ message: String, serviceError: ServiceError? = nil, underlying: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.serviceError = serviceError
        self.underlying = underlying
    }

    /// The message.
    public var description: String { self.message }

    /// Sorts what comes out of the loop of attempts.
    init(_ error: CallError, _ artifact: ArtifactPlace) {
        switch error {
        case .refused(let refusal):
            self.init(
                .refused, "The artifact store refused \(artifact.name): \(refusal)", serviceError: refusal,
                underlying: refusal)
        case .failed(let failure):
            if let own = failure.underlying as? ArtifactError {
                self = own
            } else if failure.code == .cancelled {
                self.init(.cancelled, "The transfer of \(artifact.name) was cancelled", underlying: failure)
            } else {
                let message = "The artifact store cannot be reached for \(artifact.name): \(failure.message)"
                self.init(.unreachable, message, underlying: failure)
            }
        }
    }

    /// Uses a file, and turns a problem with it into one that may be shown to a customer.
    static func telling<Result: Sendable>(
        _ message: String, _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        do {
            return try await LocalFile.blocking(body)
        } catch let error as LocalFileError {
            throw ArtifactError(.file, message, underlying: error)
        }
    }
}
