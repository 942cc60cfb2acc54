// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

public import PenstockModel

/// The key of a new artifact: `PIPELINE/ARTIFACT/RANDOM`, cut so that session policies stay small.
///
/// Exactly two slashes: public workers split on them. Source: observed keys of the live service.
public struct ArtifactKey: Sendable, Hashable, CustomStringConvertible {
    public static let maximumPipelineCharacters = 20
    public static let maximumArtifactCharacters = 10
    public static let randomCharacters = 7
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")

    public let description: String

    public init(pipeline: String, artifact: String, entropy: UniqueID, fileExtension: String?) {
        var random = ""
        var rest = entropy.low & 0x3FFF_FFFF_FFFF_FFFF
        for _ in 0..<Self.randomCharacters {
            random.append(Self.alphabet[Int(rest % UInt64(Self.alphabet.count))])
            rest /= UInt64(Self.alphabet.count)
        }
        let prefix =
            "\(pipeline.prefix(Self.maximumPipelineCharacters))/\(artifact.prefix(Self.maximumArtifactCharacters))"
        self.description = "\(prefix)/\(random)\(fileExtension.map { ".\($0)" } ?? "")"
    }

    /// What an S3 source keeps of its object's name, so that a zip stays one; `nil` for every other action.
    static func fileExtension(ofSource typeID: ActionTypeID, resolvedConfiguration: [KeyedValue]) -> String? {
        guard typeID == .s3Source, let key = resolvedConfiguration[key: "S3ObjectKey"],
            let name = key.split(separator: "/").last, let dot = name.lastIndex(of: ".")
        else { return nil }
        let characters = name[name.index(after: dot)...]
        let isPlain = characters.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
        return isPlain && 1...8 ~= characters.count ? String(characters) : nil
    }
}
