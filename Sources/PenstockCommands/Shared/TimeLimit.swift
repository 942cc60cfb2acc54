// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser

/// How long something may go on: a ``TimeSpan`` of at least a second and at most a hundred years, or `never` an end.
enum TimeLimit: ExpressibleByArgument, Sendable, Hashable {
    case after(TimeSpan)
    case never

    static let maximumSeconds = 36_525 * 86_400

    init?(argument: String) {
        if argument == "never" {
            self = .never
        } else if let span = TimeSpan(argument: argument), 1...Self.maximumSeconds ~= span.seconds {
            self = .after(span)
        } else {
            return nil
        }
    }

    /// - Parameter duration: Of whole seconds; `nil` for never.
    init(_ duration: Duration?) {
        guard let duration else {
            self = .never
            return
        }
        self = .after(TimeSpan(duration))
    }

    var defaultValueDescription: String {
        switch self {
        case .after(let span): span.text
        case .never: "never"
        }
    }

    /// `nil` for never.
    var duration: Duration? {
        switch self {
        case .after(let span): span.duration
        case .never: nil
        }
    }
}
