// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser

/// What an option says that names a PostgreSQL database.
///
/// The library that connects takes anything else for the name of a database on this machine, and an empty text for the
/// user's own, so that a slip of the hand could reach a database that nobody meant.
enum DatabaseOption {
    private static let schemes = ["postgres://", "postgresql://"]

    /// - Parameters:
    ///   - text: `nil` when the option was not given.
    ///   - other: What else the option takes, for people.
    /// - Throws: `ValidationError` for what is no connection string.
    static func check(_ text: String?, of option: String, or other: String = "") throws {
        guard let text, !Self.schemes.contains(where: text.hasPrefix) else { return }
        // A URL with another scheme may well have an equals sign.
        guard text.contains("="),
            !text.contains("://") || !(text.split(separator: ":").first ?? "").allSatisfy(\.isLetter)
        else {
            // A connection string may have a password in it, a slip of one too.
            let said = text.isEmpty ? "is empty" : "cannot be read"
            throw ValidationError("\(option) \(said): it takes\(other) postgres://… or KEYWORD=VALUE ….")
        }
    }
}
