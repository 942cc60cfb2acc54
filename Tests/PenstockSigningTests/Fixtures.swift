// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPTypes
import PenstockSigning

/// The repository's root, found from this file.
let repositoryRoot = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// A clock's reading for tests.
let noon = SigningTime(secondsSinceEpoch: 1_795_435_200)

let exampleCredentials = SigningCredentials(
    accessKeyID: "AKIDEXAMPLE", secretAccessKey: SecretAccessKey("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"))

/// A call of the API as a client sends it, not yet signed.
func apiRequest(body: String = "{}", headers: HTTPFields = [:]) -> SignableRequest {
    var fields: HTTPFields = [.contentType: "application/x-amz-json-1.1", name("X-Amz-Target"): "CodePipeline.Get"]
    fields.append(contentsOf: headers)
    return SignableRequest(method: "POST", path: "/", host: "127.0.0.1:7480", headers: fields)
}

/// A call of the API, signed.
func signedAPIRequest(
    body: String = "{}", credentials: SigningCredentials = exampleCredentials, at time: SigningTime = noon,
    region: String = "eu-west-1", service: String = "codepipeline", headers: HTTPFields = [:]
) -> SignableRequest {
    var request = apiRequest(body: body, headers: headers)
    let signer = Signer(credentials: credentials, region: region, service: service)
    signer.sign(&request, at: time, payload: .sha256(PayloadHash(of: body.utf8)))
    return request
}

/// A call of S3, signed.
func signedS3Request(
    method: String = "PUT", target: String = "/bucket/key", credentials: SigningCredentials = exampleCredentials,
    at time: SigningTime = noon, payload: PayloadDeclaration = .sha256(.empty), headers: HTTPFields = [:]
) -> SignableRequest {
    var request = SignableRequest(method: method, target: target, host: "localhost", headers: headers)
    Signer(credentials: credentials, region: "eu-west-1", service: "s3").sign(&request, at: time, payload: payload)
    return request
}

/// A presigned call of S3.
func presignedS3Request(
    target: String = "/bucket/key", at time: SigningTime = noon, expirySeconds: Int64 = 600,
    credentials: SigningCredentials = exampleCredentials
) -> SignableRequest {
    var request = SignableRequest(method: "GET", target: target, host: "localhost")
    Signer(credentials: credentials, region: "eu-west-1", service: "s3")
        .presign(&request, at: time, expirySeconds: expirySeconds, payload: .unsigned)
    return request
}

/// Parses and verifies in one step, with a cache of its own when none is given.
@discardableResult
func verify(
    _ request: SignableRequest, body: [UInt8]? = Array("{}".utf8), key: AccessKeyLookup? = nil,
    at now: SigningTime = noon, policy: VerificationPolicy = .api(), cache: SigningKeyCache = SigningKeyCache()
) throws(AuthenticationError) -> VerifiedRequest {
    let verifier = Verifier(policy: policy, cache: cache)
    let checked = try verifier.check(ParsedAuthorization(request), of: request, at: now)
    return try verifier.verify(
        checked, bodyHash: body.map { PayloadHash(of: $0) },
        key: key ?? .active(exampleCredentials.secretAccessKey))
}

/// The error that refuses a request, or nothing when it is accepted.
func refusal(
    _ request: SignableRequest, body: [UInt8]? = Array("{}".utf8), key: AccessKeyLookup? = nil,
    at now: SigningTime = noon, policy: VerificationPolicy = .api()
) -> AuthenticationError? {
    do {
        try verify(request, body: body, key: key, at: now, policy: policy)
        return nil
    } catch {
        return error
    }
}

/// A header's name; the tests write only valid ones.
func name(_ text: String) -> HTTPField.Name {
    guard let name = HTTPField.Name(text) else { preconditionFailure("\(text) is no header name") }
    return name
}

/// Splitmix64: the same numbers from the same seed, everywhere.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed
    }

    mutating func next() -> UInt64 {
        self.state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = self.state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}
