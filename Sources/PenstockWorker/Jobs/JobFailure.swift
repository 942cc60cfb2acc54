// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// What a handler throws when the job failed; it becomes the failure result.
public struct JobFailure: Error, Sendable, Hashable {
    private static let maximumMessageLength = 5000

    /// The kind that the pipeline's history shows as the error's code.
    public var type: FailureType
    /// What people read; the first 5000 characters are reported.
    public var message: String
    /// What the work is known by where it ran.
    public var externalExecutionID: String?

    /// Creates a failure.
    public init(_ type: FailureType, _ message: String, externalExecutionID: String? = nil) {
        self.type = type
        self.message = message
        self.externalExecutionID = externalExecutionID
    }

    /// Tells the pipeline why artifacts could not be had or left: it is what becomes of an ``ArtifactError`` that a
    /// handler does not catch.
    public init(_ error: ArtifactError) {
        let type: FailureType =
            switch error.code {
            case .refused:
                switch error.serviceError?.code.rawValue {
                case "AccessDenied": .permissionError
                case "NoSuchBucket", "NoSuchKey", "NoSuchVersion": .revisionUnavailable
                default: .jobFailed
                }
            case .unreachable, .corrupted: .systemUnavailable
            default: .jobFailed
            }
        self.init(type, error.message)
    }

    var report: JobReport {
        let message = self.message.isEmpty ? "The job failed" : self.message.cut(to: Self.maximumMessageLength)
        return .failure(
            FailureDetails(type: self.type, message: message, externalExecutionID: self.externalExecutionID))
    }
}

extension String {
    /// The beginning of the text, at most so many UTF-16 units: services differ in what they count, and none counts more.
    fileprivate func cut(to limit: Int) -> String {
        guard self.utf16.count > limit else { return self }
        var scalars = UnicodeScalarView()
        var length = 0
        for scalar in self.unicodeScalars {
            length += scalar.utf16.count
            guard length <= limit else { break }
            scalars.append(scalar)
        }
        return String(scalars)
    }
}
