// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// How the names of the wire are spelled in Swift: acronyms keep one case, and nothing hides the standard library.
enum Naming {
    private static let acronyms: [String: String] = [
        "id": "ID", "ids": "IDs", "arn": "ARN", "url": "URL", "urls": "URLs", "ip": "IP", "aws": "AWS", "s3": "S3",
        "kms": "KMS", "hmac": "HMAC",
    ]

    /// Names that rules cannot reach.
    private static let exceptions = ["s3location": "s3Location", "Result": "ConditionResult"]

    static func type(_ wireName: String) -> String {
        self.exceptions[wireName] ?? self.words(wireName).map(self.capitalized).joined()
    }

    static func member(_ wireName: String) -> String {
        if let exception = self.exceptions[wireName], exception.first?.isLowercase == true {
            return exception
        }
        let words = self.words(wireName)
        return words.prefix(1).map { $0.lowercased() }.joined() + words.dropFirst().map(self.capitalized).joined()
    }

    private static func capitalized(_ word: String) -> String {
        let lower = word.lowercased()
        return self.acronyms[lower] ?? lower.prefix(1).uppercased() + lower.dropFirst()
    }

    /// Splits at underscores, before capitals that follow something else, and before the last capital of a run.
    private static func words(_ name: String) -> [String] {
        let characters = Array(name)
        var words = [""]
        for (index, character) in characters.enumerated() {
            let previous = index > 0 ? characters[index - 1] : "_"
            let next = index + 1 < characters.count ? characters[index + 1] : "_"
            let begins = character.isUppercase && (!previous.isUppercase || next.isLowercase)
            if character == "_" || begins {
                words.append("")
            }
            if character != "_" {
                words[words.count - 1].append(character)
            }
        }
        return words.filter { !$0.isEmpty }
    }
}
