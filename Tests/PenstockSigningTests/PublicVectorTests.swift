// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPTypes
import PenstockSigning
import Testing

@Suite(
    .enabled(
        if: !PublicVector.all.isEmpty,
        "the public vectors are not at hand; PENSTOCK_SHARED may name the folder that has vectors/sigv4"))
struct PublicVectorTests {
    @Test(arguments: PublicVector.all, VectorForm.allCases)
    func `Canonical request and string to sign are the published ones`(
        vector: PublicVector, form: VectorForm
    ) throws {
        let (request, body) = try vector.request("\(form.rawValue)-signed-request.txt")
        let authorization = try ParsedAuthorization(request)
        var unsigned = request
        if try vector.addsTokenAfterSigning {
            unsigned.query = unsigned.query?.split(separator: "&").filter { !$0.contains("Security-Token") }
                .joined(separator: "&")
        }
        let canonical = try #require(
            CanonicalRequest(
                unsigned, signedHeaders: authorization.signedHeaders, payload: PayloadHash(of: body).description,
                pathRule: vector.policy.pathRule))
        let text = StringToSign(canonical, at: authorization.time, scope: authorization.scope)
        try #expect(
            String(decoding: canonical.bytes, as: UTF8.self) == vector.text("\(form.rawValue)-canonical-request.txt"))
        try #expect(String(decoding: text.bytes, as: UTF8.self) == vector.text("\(form.rawValue)-string-to-sign.txt"))
    }

    @Test(arguments: PublicVector.all)
    func `Signing makes the published signatures`(vector: PublicVector) throws {
        let context = try vector.context
        let (request, body) = try vector.request("request.txt")
        let signer = try Signer(
            credentials: vector.credentials, region: context.region, service: context.service,
            pathRule: vector.policy.pathRule)
        let payload = PayloadDeclaration.sha256(PayloadHash(of: body))

        var inHeader = request
        if context.sign_body { inHeader.headers[.xAmzContentSHA256] = payload.headerValue }
        try signer.sign(&inHeader, at: vector.time, payload: payload)
        let published = try vector.request("header-signed-request.txt").head
        #expect(inHeader.headers[.authorization] == published.headers[.authorization])

        var inQuery = request
        try signer.presign(
            &inQuery, at: vector.time, expirySeconds: context.expiration_in_seconds, payload: payload)
        let signature = try vector.text("query-signature.txt")
        #expect(inQuery.query?.hasSuffix("&X-Amz-Signature=\(signature)") == true)
    }

    @Test(arguments: PublicVector.all, VectorForm.allCases)
    func `A published signed request is accepted, unless a token was added to it`(
        vector: PublicVector, form: VectorForm
    ) throws {
        let (request, body) = try vector.request("\(form.rawValue)-signed-request.txt")
        let refused = try refusal(
            request, body: body, key: .active(vector.credentials.secretAccessKey), at: vector.time,
            policy: vector.policy)
        switch (try vector.addsTokenAfterSigning, form) {
        case (false, _): #expect(refused == nil)
        case (true, .header): #expect(refused == .unsignedHeader("x-amz-security-token"))
        case (true, .query): #expect(refused == .signatureMismatch)
        }
    }

    @Test func `Every single-byte change of a published request is refused`() throws {
        var refusedCount = 0
        for vector in PublicVector.all where try !vector.addsTokenAfterSigning {
            let credentials = try vector.credentials
            let (time, policy) = (try vector.time, try vector.policy)
            for form in VectorForm.allCases {
                let (request, body) = try vector.request("\(form.rawValue)-signed-request.txt")
                for mutation in Mutation.all(of: request, body: body, pathRule: policy.pathRule) {
                    let accessKeyID = try? ParsedAuthorization(mutation.request).accessKeyID
                    let isKnown = accessKeyID == credentials.accessKeyID
                    let refused = refusal(
                        mutation.request, body: mutation.body,
                        key: isKnown ? .active(credentials.secretAccessKey) : .unknown, at: time, policy: policy)
                    #expect(refused != nil, "\(vector) \(form): \(mutation.what) was accepted")
                    refusedCount += refused == nil ? 0 : 1
                }
            }
        }
        #expect(refusedCount >= 10_000)
    }
}

/// A request with one byte changed to another that changes its meaning.
private struct Mutation {
    var request: SignableRequest
    var body: [UInt8]
    var what: String

    /// One mutation for each byte of method, path, query, host, header names, header values and body.
    ///
    /// Left out, by rule: names and values that no HTTP message can have; case in header names; white space that
    /// trimming equates; escapes that decode alike; path segments that normalization drops.
    static func all(of request: SignableRequest, body: [UInt8], pathRule: PathRule) -> [Mutation] {
        var generator = SeededGenerator(seed: 4)
        var mutations: [Mutation] = []
        func add(_ what: String, _ text: String, _ change: (String, inout SignableRequest) -> Bool) {
            for offset in text.utf8.indices {
                var bytes = Array(text.utf8)
                let index = text.utf8.distance(from: text.utf8.startIndex, to: offset)
                let other = UInt8.random(in: 0x21...0x7e, using: &generator)
                bytes[index] = other == bytes[index] ? other ^ 1 : other
                var changed = request
                let mutated = String(decoding: bytes, as: UTF8.self)
                guard change(mutated, &changed) else { continue }
                mutations.append(Mutation(request: changed, body: body, what: "\(what) as \(mutated)"))
            }
        }
        add("method", request.method) { text, changed in
            changed.method = text
            return true
        }
        add("path", request.path) { text, changed in
            changed.path = text
            return Self.meaning(ofPath: text, pathRule) != Self.meaning(ofPath: request.path, pathRule)
        }
        add("query", request.query ?? "") { text, changed in
            changed.query = text
            return Self.meaning(ofQuery: text) != Self.meaning(ofQuery: request.query ?? "")
        }
        add("host", request.host) { text, changed in
            changed.host = text
            return true
        }
        for (index, field) in request.headers.enumerated() {
            add("name", field.name.rawName) { text, changed in
                guard let name = HTTPField.Name(text), name != field.name else { return false }
                changed.headers[index].name = name
                return true
            }
            add(field.name.rawName, field.value) { text, changed in
                changed.headers[index].value = text
                return Self.meaning(ofValue: text) != Self.meaning(ofValue: field.value)
            }
        }
        for index in body.indices {
            var changed = body
            changed[index] ^= UInt8.random(in: 1...255, using: &generator)
            mutations.append(Mutation(request: request, body: changed, what: "body at \(index)"))
        }
        return mutations
    }

    private static func meaning(ofPath path: String, _ rule: PathRule) -> String {
        switch rule {
        case .verbatim: return path.removingPercentEncoding ?? path
        case .normalized:
            var kept: [Substring] = []
            for segment in path.split(separator: "/") where segment != "." {
                if segment == ".." { _ = kept.popLast() } else { kept.append(segment) }
            }
            return kept.joined(separator: "/") + (path.hasSuffix("/") && !kept.isEmpty ? "/" : "")
        }
    }

    private static func meaning(ofQuery query: String) -> [String] {
        query.split(separator: "&").map { item in
            item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                .map { $0.removingPercentEncoding ?? String($0) }.joined(separator: "\u{0}")
        }.sorted()
    }

    private static func meaning(ofValue value: String) -> String {
        value.split { $0 == " " || $0 == "\t" }.joined(separator: " ")
    }
}
