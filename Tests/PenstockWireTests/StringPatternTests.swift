// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import PenstockWire

@Suite struct StringPatternTests {
    /// Texts that match and texts that do not, per pattern.
    static let samples: [(StringPattern, matching: [String], others: [String])] = [
        (.accountID, ["123456789012", "000000000000"], ["", "12345678901", "1234567890123", "12345678901a", "*"]),
        (.accountIDOrStar, ["123456789012", "*"], ["", "**", "*1", "12345678901*"]),
        (.awsOrThirdParty, ["AWS", "ThirdParty"], ["", "aws", "AWSThirdParty", "AWS|ThirdParty", "Custom"]),
        (
            .uuid, ["0a1b2c3d-4e5f-4789-8abc-def012345678"],
            [
                "", "0A1B2C3D-4e5f-4789-8abc-def012345678", "0a1b2c3d4e5f47898abcdef012345678",
                "0a1b2c3d-4e5f-4789-8abc-def01234567", "0a1b2c3d-4e5f-4789-8abc-def0123456789",
                "0a1b2c3g-4e5f-4789-8abc-def012345678", "0a1b2c3d_4e5f-4789-8abc-def012345678",
            ]
        ),
        (.name, ["a", "A.b@c-d_9"], ["", "a b", "a/b", "é", "a\n", "a,b"]),
        (.variableName, ["a@-_9"], ["", "a.b", "a b"]),
        (.provider, ["CodeBuild_1-2"], ["", "a.b", "a@b"]),
        (.queryableValue, ["a_b-9"], ["", "a.b"]),
        (.artifactName, ["a_b-9"], ["", "a.b", "a\\b"]),
        (.bucketName, ["my.bucket-1", "A"], ["", "a_b", "a/b"]),
        (.clientRequestToken, ["abc-123"], ["", "a_b", "^abc$", "abc\n"]),
        (.disabledReason, ["Not now (really)! *a@b.c* ok?-"], ["", "a,b", "a_b", "line\nbreak"]),
        (.environmentVariableName, ["A_9"], ["", "A-B", "A B"]),
        (.anything, ["", "a", "line\nbreak", "😀"], []),
        (
            .functionARN,
            [
                "arn:aws:lambda:us-east-1:123456789012:function:f", "arn:aws-us-gov:lambda:x:123456789012:function:f:1",
                "arn:aws:lambda:a:b:123456789012:function:f", "arn:aws:lambda:\n:123456789012:function:\n",
                "arn:aws:lambda:123456789012:123456789012:function::",
            ],
            [
                "", "arn:aws:lambda::123456789012:function:f", "arn:aws:lambda:r:12345678901:function:f",
                "arn:aws:lambda:r:123456789012:function:", "arn:aws:lambda:r:123456789012:layer:f",
                "arn:aws-:lambda:r:123456789012:function:f", "arn:aws--cn:lambda:r:123456789012:function:f",
                "arn:gcp:lambda:r:123456789012:function:f", "xarn:aws:lambda:r:123456789012:function:f",
                "arn:aws:lambda:r:123456789012", "arn:aws:lambda:", "arn:aws:lambda",
            ]
        ),
        (
            .resourceARN,
            [
                "arn:aws:codepipeline:eu-west-1:123456789012:p", "arn:aws-cn-x_1:codepipeline:r:123456789012:a/b:c",
                "arn:aws:codepipeline:::123456789012::",
            ],
            [
                "", "arn:aws:codepipeline::123456789012:p", "arn:aws:codepipeline:r:123456789012:",
                "arn:aws:s3:r:123456789012:p", "arn:aws:codepipeline:r:1234567890123:p",
            ]
        ),
        (
            .roleARN,
            [
                "arn:aws:iam::123456789012:role/", "arn:aws-cn:iam::123456789012:role/path/name",
                "arn:aws:iam::123456789012:role/\n",
            ],
            [
                "", "arn:aws:iam:r:123456789012:role/x", "arn:aws:iam::123456789012:user/x",
                "arn:aws:iam::123456789012:role", "arn:aws:iam::12345678901:role/x", "role/x",
            ]
        ),
    ]

    @Test func `Every pattern has samples`() {
        #expect(Set(Self.samples.map { $0.0 }) == Set(StringPattern.allCases))
    }

    @Test(arguments: StringPattern.allCases)
    func `A matcher decides the samples as expected and as a regular expression engine does`(
        pattern: StringPattern
    ) throws {
        let regex = try Self.regex(pattern)
        let (_, matching, others) = try #require(Self.samples.first { $0.0 == pattern })
        for text in matching {
            #expect(pattern.matches(text), "\(text)")
            #expect(text.wholeMatch(of: regex) != nil, "\(text)")
        }
        for text in others {
            #expect(!pattern.matches(text), "\(text)")
            #expect(text.wholeMatch(of: regex) == nil, "\(text)")
        }
    }

    @Test(arguments: StringPattern.allCases)
    func `A matcher agrees with a regular expression engine on changed samples`(pattern: StringPattern) throws {
        let regex = try Self.regex(pattern)
        let (_, matching, _) = try #require(Self.samples.first { $0.0 == pattern })
        let alphabet = Array("aZ09-_.:/@*!?() f\né".unicodeScalars)
        var random = SplitMix(seed: 2026)
        for text in matching {
            for _ in 0..<40 {
                var scalars = Array(text.unicodeScalars)
                for _ in 0...Int.random(in: 0...2, using: &random) {
                    let position = Int.random(in: 0...scalars.count, using: &random)
                    if Bool.random(using: &random), position < scalars.count {
                        scalars.remove(at: position)
                    } else if let scalar = alphabet.randomElement(using: &random) {
                        scalars.insert(scalar, at: position)
                    }
                }
                let changed = String(String.UnicodeScalarView(scalars))
                #expect(pattern.matches(changed) == (changed.wholeMatch(of: regex) != nil), "\(changed)")
            }
        }
    }

    private static func regex(_ pattern: StringPattern) throws -> Regex<AnyRegexOutput> {
        try Regex(pattern.rawValue).dotMatchesNewlines().asciiOnlyWordCharacters()
            .matchingSemantics(.unicodeScalar)
    }
}
