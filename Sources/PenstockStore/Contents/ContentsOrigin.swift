// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel

/// What is moved into a database: rows of one source, and what becomes of the content that they name.
///
/// The database keeps it until it is whole, so that a move that was cut off is gone on with as it began.
package struct ContentsOrigin: Sendable, Hashable, CustomStringConvertible {
    /// Where content goes that was elsewhere, or in files.
    package enum Content: Sendable, Hashable {
        /// Out of another store.
        case files
        /// Into another store: the place as people name it, and the identity that the database has there. It is the
        /// generation of all content that the move puts there, too.
        case objects(place: String, identity: UniqueID)
    }

    /// Names the source; without a comma.
    package var source: String
    /// `nil` when rows say of content what they said.
    package var content: Content?

    package init(source: String, content: Content? = nil) {
        self.source = source
        self.content = content
    }

    // MARK: Text

    private static let toFiles = ", content to files"
    private static let toObjects = ", content as "

    /// As databases keep it, and people are shown it.
    package var description: String {
        switch self.content {
        case nil: self.source
        case .files: self.source + Self.toFiles
        case .objects(let place, let identity): "\(self.source)\(Self.toObjects)\(identity) to \(place)"
        }
    }

    /// Parses the ``description``; a text of another form is the name of a source.
    package init(_ text: String) {
        if text.hasSuffix(Self.toFiles) {
            self.init(source: String(text.dropLast(Self.toFiles.count)), content: .files)
        } else if let found = text.firstRange(of: Self.toObjects),
            let space = text[found.upperBound...].firstRange(of: " to "),
            let identity = UniqueID(text[found.upperBound..<space.lowerBound])
        {
            let place = String(text[space.upperBound...])
            self.init(
                source: String(text[..<found.lowerBound]), content: .objects(place: place, identity: identity))
        } else {
            self.init(source: text)
        }
    }

    // MARK: Going on

    /// What an attempt with this origin goes on with: what an earlier one began, whose identity counts.
    ///
    /// - Throws: ``StoreError`` with code `.constraint` when that was another move.
    package func resuming(_ begun: Self) throws(StoreError) -> Self {
        guard begun.source == self.source else { throw .otherMove(source: begun.source) }
        switch (self.content, begun.content) {
        case (nil, nil), (.files, .files): return begun
        case (.objects(let place, _), .objects(let known, _)) where place == known: return begun
        case (_, .objects(let known, _)): throw .otherContentMove(to: "to \(known)")
        case (_, .files): throw .otherContentMove(to: "into files")
        case (_, nil): throw .otherContentMove(to: "nowhere, or from files into files")
        }
    }
}

extension StoreError {
    /// For a target of another move.
    static func otherMove(source: String) -> StoreError {
        StoreError(
            .constraint, "rows of another source (\(source)) are being moved into it: begin anew with an empty one")
    }

    /// For a target of a move that takes the content somewhere else.
    static func otherContentMove(to place: String) -> StoreError {
        StoreError(
            .constraint,
            """
            a move of this source that takes content \(place) was begun there: go on with that one, or begin anew with \
            an empty database
            """
        )
    }
}
