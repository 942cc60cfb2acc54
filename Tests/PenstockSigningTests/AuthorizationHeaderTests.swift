// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Testing

@testable import PenstockSigning

struct AuthorizationHeaderTests {
    private static let scheme = "AWS4-HMAC-SHA256"

    private func parts(_ header: String) throws -> [String?] {
        let read = try AuthorizationHeader(header)
        return [read.credential, read.signedHeaders, read.signature].map {
            $0.map { String(decoding: $0, as: UTF8.self) }
        }
    }

    @Test func `Parts come in any order, with blanks around them or none`() throws {
        let expected = ["k/d/r/s/t", "host;x-amz-date", "0f"]
        #expect(
            try self.parts("\(Self.scheme) Credential=k/d/r/s/t, SignedHeaders=host;x-amz-date, Signature=0f")
                == expected)
        #expect(
            try self.parts("\(Self.scheme) Signature=0f,SignedHeaders=host;x-amz-date,Credential=k/d/r/s/t") == expected
        )
        #expect(
            try self.parts(
                "  \(Self.scheme)  \t Signature\t=\t0f ,SignedHeaders= host;x-amz-date ,Credential=k/d/r/s/t\t ")
                == expected)
    }

    @Test func `What is no part is passed over, and an empty one is there`() throws {
        #expect(try self.parts("\(Self.scheme) ,,Credential,Other=1,=2, Signature=a=b,") == [nil, nil, "a=b"])
        #expect(try self.parts("\(Self.scheme) Credential=, SignedHeaders=\t,") == ["", "", nil])
        #expect(try self.parts("\(Self.scheme) credential=k, Signaturé=0") == [nil, nil, nil])
        #expect(try self.parts(Self.scheme) == [nil, nil, nil])
        #expect(try self.parts("\(Self.scheme) ") == [nil, nil, nil])
    }

    @Test func `A part that is there twice is ambiguous, even if it says the same or nothing`() {
        for header in ["Credential=k,Credential=k", "SignedHeaders=,SignedHeaders=", "Signature=0, Signature=1"] {
            #expect(throws: AuthenticationError.ambiguous(.header)) {
                try AuthorizationHeader("\(Self.scheme) \(header)")
            }
        }
    }

    @Test func `Another scheme of AWS's is one that is not supported, any other is none`() {
        for header in ["AWS key:signature", "AWS4-ECDSA-P256-SHA256 Credential=k", "\(Self.scheme)Credential=k"] {
            #expect(throws: AuthenticationError.unsupportedAlgorithm(.header)) { try AuthorizationHeader(header) }
        }
        for header in [
            "", "   ", "Basic dXNlcg==", "AW", "aws4-hmac-sha256 Credential=k", "\t\(Self.scheme) Signature=0",
        ] {
            #expect(throws: AuthenticationError.missing) { try AuthorizationHeader(header) }
        }
    }

    @Test func `A credential has at least five parts, of which the key may be several`() throws {
        let request = signedAPIRequest()
        let header = try #require(request.headers[.authorization])
        func reading(_ credential: String) throws(AuthenticationError) -> ParsedAuthorization {
            var changed = request
            let rest = header.drop { $0 != "," }
            changed.headers[.authorization] = "\(Self.scheme) Credential=\(credential)\(rest)"
            return try ParsedAuthorization(changed)
        }
        let read = try reading("a/b//20150830/eu-west-1/codepipeline/aws4_request")
        #expect(read.accessKeyID == "a/b/")
        #expect(read.scope == CredentialScope(date: "20150830", region: "eu-west-1", service: "codepipeline"))
        for credential in ["key", "/", "////", "/20150830/r/s/aws4_request", "20150830/r/s/aws4_request"] {
            #expect(throws: AuthenticationError.malformedCredential(.header), "\(credential)") {
                try reading(credential)
            }
        }
    }

    @Test func `Signed headers are names, with one mark between them`() throws {
        let request = signedAPIRequest()
        let header = try #require(request.headers[.authorization])
        let names = try ParsedAuthorization(request).signedHeaders
        func reading(_ text: String) throws(AuthenticationError) -> [String] {
            var changed = request
            changed.headers[.authorization] = header.replacing(
                "SignedHeaders=\(names.joined(separator: ";"))", with: "SignedHeaders=\(text)")
            return try ParsedAuthorization(changed).signedHeaders
        }
        #expect(try reading("host") == ["host"])
        #expect(try reading("x;host;a") == ["x", "host", "a"])
        for text in ["host;", ";host", "a;;b", ";", "b;a;b"] {
            #expect(throws: AuthenticationError.malformedSignedHeaders(.header), "\(text)") { try reading(text) }
        }
    }
}
