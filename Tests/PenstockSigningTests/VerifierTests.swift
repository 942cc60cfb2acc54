// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPTypes
import PenstockSigning
import Testing

struct VerifierTests {
    // MARK: What is accepted

    @Test func `A signed call is accepted and tells who signed it`() throws {
        let verified = try verify(signedAPIRequest())
        #expect(verified.accessKeyID == "AKIDEXAMPLE")
        #expect(verified.scope == CredentialScope(date: noon.day, region: "eu-west-1", service: "codepipeline"))
        #expect(verified.time == noon)
        #expect(verified.payload == .sha256(PayloadHash(of: "{}".utf8)))
    }

    @Test func `Nothing but the host and the x-amz headers must be signed`() throws {
        var request = signedAPIRequest()
        request.headers[.userAgent] = "added/1.0"
        request.headers[.accept] = "*/*"
        #expect(refusal(request) == nil)
        // A client that leaves content-type out signs this list.
        let late = HTTPField(name: .contentType, value: "application/x-amz-json-1.1")
        var bare = apiRequest()
        bare.headers[.contentType] = nil
        Signer(credentials: exampleCredentials, region: "eu-west-1", service: "codepipeline")
            .sign(&bare, at: noon, payload: .sha256(PayloadHash(of: "{}".utf8)))
        bare.headers.append(late)
        #expect(refusal(bare) == nil)
        #expect(try ParsedAuthorization(bare).signedHeaders == ["host", "x-amz-date", "x-amz-target"])
    }

    @Test func `The three parts may come in any order and with any spacing`() throws {
        let request = signedAPIRequest()
        let header = try #require(request.headers[.authorization])
        let parts = header.dropFirst("AWS4-HMAC-SHA256 ".count).components(separatedBy: ", ")
        for separator in [",", ", ", " ,   "] {
            var changed = request
            changed.headers[.authorization] = "AWS4-HMAC-SHA256  " + parts.reversed().joined(separator: separator)
            #expect(refusal(changed) == nil)
        }
    }

    @Test func `The Date header dates a request that has no X-Amz-Date`() throws {
        // Signed elsewhere with botocore's rule for a `Date` header.
        var request = apiRequest()
        request.headers[name("Date")] = "Sun, 30 Aug 2015 12:36:00 GMT"
        let time = try #require(SigningTime(basicFormat: "20150830T123600Z"))
        let scope = CredentialScope(date: time.day, region: "eu-west-1", service: "codepipeline")
        let signed = ["date", "host", "x-amz-target"]
        let canonical = try #require(
            CanonicalRequest(
                request, signedHeaders: signed, payload: PayloadHash(of: "{}".utf8).description, pathRule: .normalized))
        let signature = SigningKey(secret: exampleCredentials.secretAccessKey, scope: scope)
            .signature(of: StringToSign(canonical, at: time, scope: scope))
        request.headers[.authorization] =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/\(scope), SignedHeaders=\(signed.joined(separator: ";")), "
            + "Signature=\(String(decoding: signature, as: UTF8.self))"
        #expect(refusal(request, at: time) == nil)
    }

    @Test func `A client may leave the default port out and may know the service by its public name`() {
        var request = signedAPIRequest()
        request.host = "penstock.internal:8080"
        #expect(refusal(request) == .signatureMismatch)
        var policy = VerificationPolicy.api()
        policy.publicHosts = ["ci.example.org", "127.0.0.1:7480"]
        #expect(refusal(request, policy: policy) == nil)

        var plain = SignableRequest(method: "GET", path: "/b/k", host: "example.org")
        Signer(credentials: exampleCredentials, region: "eu-west-1", service: "s3")
            .sign(&plain, at: noon, payload: .unsigned)
        plain.host = "example.org:443"
        #expect(refusal(plain, policy: .s3()) == nil)
        plain.host = "example.org:8443"
        #expect(refusal(plain, policy: .s3()) == .signatureMismatch)
    }

    @Test func `Keys of S3 objects are not normalized and may be sent encoded or bare`() {
        let targets = [
            "/b/a//c/./../d", "/b/(1)!.txt", "/b/%281%29%21.txt", "/b/a+b", "/b/%E6%BC%A2", "/b/?list-type=2&prefix=",
        ]
        for target in targets {
            #expect(refusal(signedS3Request(target: target), body: nil, policy: .s3()) == nil)
        }
    }

    @Test func `A session token is signed and handed on`() throws {
        var credentials = exampleCredentials
        credentials.sessionToken = "the/token=="
        let request = signedAPIRequest(credentials: credentials)
        #expect(try ParsedAuthorization(request).sessionToken == "the/token==")
        #expect(refusal(request) == nil)
        var stripped = request
        stripped.headers[.xAmzSecurityToken] = nil
        #expect(refusal(stripped) == .absentSignedHeader("x-amz-security-token"))
        let presigned = presignedS3Request(credentials: credentials)
        #expect(try ParsedAuthorization(presigned).sessionToken == "the/token==")
        #expect(refusal(presigned, body: nil, policy: .s3()) == nil)
    }

    // MARK: Skew and lifetime

    @Test func `A request is good for the tolerated skew, both ways and to the second`() {
        var policy = VerificationPolicy.api()
        policy.toleratedSkewSeconds = 300
        let request = signedAPIRequest()
        for seconds: Int64 in [-300, 0, 300] {
            #expect(refusal(request, at: noon.advanced(bySeconds: seconds), policy: policy) == nil)
        }
        #expect(
            refusal(request, at: noon.advanced(bySeconds: 301), policy: policy)?.apiFault.message
                .hasPrefix("Signature expired: ") == true)
        #expect(
            refusal(request, at: noon.advanced(bySeconds: -301), policy: policy)?.apiFault.message
                .hasPrefix("Signature not yet current: ") == true)
        #expect(VerificationPolicy.api().toleratedSkewSeconds == 900)
    }

    @Test func `The text of an old signature names the tolerance`() throws {
        var policy = VerificationPolicy.api()
        policy.toleratedSkewSeconds = 300
        let signed = try #require(SigningTime(basicFormat: "20160610T180547Z"))
        let now = try #require(SigningTime(basicFormat: "20160610T181112Z"))
        let old = refusal(signedAPIRequest(at: signed), at: now, policy: policy)
        #expect(old?.apiFault.code == "InvalidSignatureException")
        #expect(
            old?.apiFault.message
                == "Signature expired: 20160610T180547Z is now earlier than 20160610T180612Z "
                + "(20160610T181112Z - 5 min.)")
        let early = refusal(signedAPIRequest(at: now), at: signed, policy: policy)
        #expect(
            early?.apiFault.message
                == "Signature not yet current: 20160610T181112Z is still later than 20160610T181047Z "
                + "(20160610T180547Z + 5 min.)")
    }

    @Test func `A presigned URL lives as long as it says`() {
        let request = presignedS3Request(expirySeconds: 600)
        let policy = VerificationPolicy.s3()
        #expect(refusal(request, body: nil, at: noon.advanced(bySeconds: 600), policy: policy) == nil)
        let late = refusal(request, body: nil, at: noon.advanced(bySeconds: 601), policy: policy)
        #expect(late?.s3Fault.code == "AccessDenied")
        #expect(late?.s3Fault.message == "Request has expired")
        #expect(late?.apiFault.code == "InvalidSignatureException")
        #expect(late?.apiFault.message.hasPrefix("Signature expired: ") == true)
        let early = refusal(request, body: nil, at: noon.advanced(bySeconds: -901), policy: policy)
        #expect(early?.s3Fault.message == "Request is not yet valid")
    }

    // MARK: Refusals, as the API and as S3 tell them

    private func fault(_ error: AuthenticationError?, api: String, s3: String, status: Int = 403) {
        #expect(error?.apiFault.code == api)
        #expect(error?.apiFault.status == 400)
        #expect(error?.s3Fault.code == s3)
        #expect(error?.s3Fault.status == status)
    }

    @Test func `No signature, and another scheme than a signature's`() {
        let none = refusal(apiRequest())
        #expect(none == .missing)
        self.fault(none, api: "MissingAuthenticationTokenException", s3: "AccessDenied")
        #expect(none?.apiFault.message == "Missing Authentication Token")
        #expect(refusal(apiRequest(headers: [.authorization: "Bearer abc"])) == .missing)
        #expect(refusal(apiRequest(headers: [.authorization: "Basic abc"])) == .missing)
    }

    @Test func `Another algorithm or version of signatures`() {
        let asymmetric = "AWS4-ECDSA-P256-SHA256 Credential=A/20150830/x/aws4_request, SignedHeaders=host, Signature=00"
        let refused = refusal(apiRequest(headers: [.authorization: asymmetric]))
        self.fault(refused, api: "IncompleteSignatureException", s3: "InvalidRequest", status: 400)
        let second = refusal(apiRequest(headers: [.authorization: "AWS AKID:signature"]))
        self.fault(second, api: "IncompleteSignatureException", s3: "InvalidRequest", status: 400)
        let query = SignableRequest(method: "GET", target: "/b/k?AWSAccessKeyId=a&Expires=1&Signature=c", host: "h")
        self.fault(refusal(query), api: "IncompleteSignatureException", s3: "InvalidRequest", status: 400)
        var presigned = presignedS3Request()
        presigned.query = presigned.query?.replacing("AWS4-HMAC-SHA256", with: "AWS4-ECDSA-P256-SHA256")
        self.fault(
            refusal(presigned), api: "IncompleteSignatureException", s3: "AuthorizationQueryParametersError",
            status: 400)
    }

    @Test func `Missing parts are listed`() {
        let empty = refusal(apiRequest(headers: [.authorization: "AWS4-HMAC-SHA256 nothing"]))
        self.fault(empty, api: "IncompleteSignatureException", s3: "AuthorizationHeaderMalformed", status: 400)
        #expect(
            empty?.apiFault.message
                == "Authorization header requires 'Credential' parameter. "
                + "Authorization header requires 'Signature' parameter. "
                + "Authorization header requires 'SignedHeaders' parameter. "
                + "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
        var undated = signedAPIRequest()
        undated.headers[.xAmzDate] = nil
        #expect(refusal(undated) == .incomplete(.header, missing: [.date]))
        #expect(refusal(undated)?.s3Fault.code == "AccessDenied")
        for parameter in ["Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature"] {
            var presigned = presignedS3Request()
            presigned.query = presigned.query?.split(separator: "&")
                .filter { !$0.hasPrefix("X-Amz-\(parameter)=") }.joined(separator: "&")
            self.fault(
                refusal(presigned), api: "IncompleteSignatureException", s3: "AuthorizationQueryParametersError",
                status: 400)
        }
    }

    @Test func `Parts that cannot be read`() throws {
        let request = signedAPIRequest()
        let header = try #require(request.headers[.authorization])
        func changing(_ part: String, to other: String) -> AuthenticationError? {
            var changed = request
            changed.headers[.authorization] = header.replacing(part, with: other)
            return refusal(changed)
        }
        #expect(changing("AKIDEXAMPLE/", to: "/") == .malformedCredential(.header))
        #expect(changing("/eu-west-1", to: "") == .malformedCredential(.header))
        #expect(changing("\(noon.day)/", to: "today/") == .malformedCredential(.header))
        #expect(changing("aws4_request", to: "aws5_request") == .wrongTerminator(.header))
        #expect(changing(";host;", to: ";host;host;") == .malformedSignedHeaders(.header))
        #expect(changing("=content-type;", to: "=;") == .malformedSignedHeaders(.header))
        #expect(changing("Signature=", to: "Signature=0,Signature=") == .ambiguous(.header))
        var longHeader = request
        longHeader.headers[.authorization] = header + String(repeating: " ", count: 9000) + "x"
        #expect(refusal(longHeader)?.apiFault.code == "IncompleteSignatureException")
        var misdated = request
        misdated.headers[.xAmzDate] = "2015-08-30T12:36:00Z"
        self.fault(refusal(misdated), api: "IncompleteSignatureException", s3: "AccessDenied")
        var both = presignedS3Request()
        both.headers[.authorization] = header
        self.fault(refusal(both), api: "IncompleteSignatureException", s3: "InvalidArgument", status: 400)
        var twice = presignedS3Request()
        twice.query? += "&X-Amz-Signature=0"
        #expect(refusal(twice) == .ambiguous(.query))
        var twoHeaders = request
        twoHeaders.headers.append(HTTPField(name: .authorization, value: header))
        #expect(refusal(twoHeaders) == .ambiguous(.header))
    }

    @Test func `A presigned lifetime out of bounds`() {
        for (value, problem) in [
            ("abc", AuthenticationError.ExpiryProblem.notANumber), ("0", .notPositive), ("-1", .notPositive),
            ("604801", .tooLong), ("99999999999999999999", .notANumber),
        ] {
            var presigned = presignedS3Request(expirySeconds: 600)
            presigned.query = presigned.query?.replacing("X-Amz-Expires=600", with: "X-Amz-Expires=\(value)")
            let refused = refusal(presigned, body: nil, policy: .s3())
            #expect(refused == .invalidExpiry(problem))
            self.fault(
                refused, api: "IncompleteSignatureException", s3: "AuthorizationQueryParametersError", status: 400)
        }
    }

    @Test func `An unknown key, a token that was not issued with it, and one that is over`() {
        let unknown = refusal(signedAPIRequest(), key: .unknown)
        self.fault(unknown, api: "UnrecognizedClientException", s3: "InvalidAccessKeyId")
        #expect(unknown?.apiFault.message == "The security token included in the request is invalid.")

        var credentials = exampleCredentials
        credentials.sessionToken = "token"
        let request = signedAPIRequest(credentials: credentials)
        self.fault(
            refusal(request, key: .unknown), api: "UnrecognizedClientException", s3: "InvalidToken", status: 400)
        let expired = refusal(request, key: .expired(credentials.secretAccessKey))
        self.fault(expired, api: "ExpiredTokenException", s3: "ExpiredToken", status: 400)
        #expect(expired?.apiFault.message == "The security token included in the request is expired")
        #expect(refusal(request, key: .expired(SecretAccessKey("another"))) == .signatureMismatch)
    }

    @Test func `A signature by another key, of another body, cut short or in upper case`() throws {
        let request = signedAPIRequest()
        let wrong = refusal(request, key: .active(SecretAccessKey("another")))
        self.fault(wrong, api: "InvalidSignatureException", s3: "SignatureDoesNotMatch")
        #expect(
            wrong?.apiFault.message
                == "The request signature we calculated does not match the signature you provided. Check your AWS "
                + "Secret Access Key and signing method. Consult the service documentation for details.")
        #expect(refusal(request, body: Array("{ }".utf8)) == .signatureMismatch)
        var short = request
        short.headers[.authorization]?.removeLast()
        #expect(refusal(short) == .signatureMismatch)
        var upper = request
        let header = try #require(request.headers[.authorization])
        let signature = try #require(header.components(separatedBy: "Signature=").last)
        upper.headers[.authorization] = header.replacing(signature, with: signature.uppercased())
        #expect(refusal(upper) == .signatureMismatch)
    }

    @Test func `A scope of another day, region or service`() {
        let yesterday = noon.advanced(bySeconds: -86_400)
        var otherDay = signedAPIRequest()
        otherDay.headers[.authorization] = otherDay.headers[.authorization]?.replacing(noon.day, with: yesterday.day)
        let date = refusal(otherDay)
        self.fault(date, api: "InvalidSignatureException", s3: "AuthorizationHeaderMalformed", status: 400)
        #expect(
            date?.apiFault.message.hasPrefix(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: ") == true)

        let service = refusal(signedAPIRequest(service: "codebuild"))
        self.fault(service, api: "InvalidSignatureException", s3: "AuthorizationHeaderMalformed", status: 400)
        #expect(service?.apiFault.message == "Credential should be scoped to correct service: 'codepipeline'.")

        for region in ["", "EU-WEST-1", "eu west 1", "eu_west"] {
            let refused = refusal(signedAPIRequest(region: region))
            #expect(refused?.apiFault.message == "Credential should be scoped to a valid region.")
        }
        var policy = VerificationPolicy.api()
        policy.regions = ["us-east-1"]
        #expect(refusal(signedAPIRequest(), policy: policy) == .wrongRegion(.header))
    }

    @Test func `A host or an x-amz header that is not signed`() throws {
        var added = signedAPIRequest()
        added.headers[name("X-Amz-Meta-Added")] = "1"
        let refused = refusal(added)
        self.fault(refused, api: "InvalidSignatureException", s3: "AccessDenied")
        #expect(refused?.apiFault.message.contains("'x-amz-meta-added' must be a 'SignedHeader'") == true)

        var hostless = signedAPIRequest()
        hostless.headers[.authorization] = hostless.headers[.authorization]?.replacing("host;", with: "")
        #expect(refusal(hostless) == .unsignedHeader("Host"))

        var removed = signedAPIRequest()
        removed.headers[.contentType] = nil
        self.fault(refusal(removed), api: "InvalidSignatureException", s3: "SignatureDoesNotMatch")
    }

    @Test(arguments: [
        PayloadDeclaration.unsigned, .streamingSigned, .streamingSignedTrailer, .streamingUnsignedTrailer,
    ])
    func `The API takes no payload that its signature leaves out`(payload: PayloadDeclaration) {
        var request = apiRequest()
        Signer(credentials: exampleCredentials, region: "eu-west-1", service: "codepipeline")
            .sign(&request, at: noon, payload: payload)
        #expect(refusal(request) == .unsignedPayload)
        #expect(refusal(request)?.apiFault.code == "InvalidSignatureException")
    }

    @Test func `A declared hash is compared with the body`() {
        let other = PayloadHash(of: "other".utf8)
        var request = apiRequest()
        request.headers[.xAmzContentSHA256] = other.description
        Signer(credentials: exampleCredentials, region: "eu-west-1", service: "codepipeline")
            .sign(&request, at: noon, payload: .sha256(other))
        let refused = refusal(request)
        self.fault(refused, api: "InvalidSignatureException", s3: "XAmzContentSHA256Mismatch", status: 400)
        #expect(refusal(request, body: Array("other".utf8)) == nil)
    }

    @Test func `S3 wants a declaration, a good one, and signed when so configured`() {
        var undeclared = signedAPIRequest(service: "s3")
        undeclared.headers[.xAmzContentSHA256] = nil
        undeclared.headers[.authorization] =
            undeclared.headers[.authorization]?.replacing("x-amz-content-sha256;", with: "")
        self.fault(
            refusal(undeclared, body: nil, policy: .s3()), api: "InvalidSignatureException", s3: "InvalidRequest",
            status: 400)
        var odd = signedS3Request()
        odd.headers[.xAmzContentSHA256] = "SIGNED-PAYLOAD"
        self.fault(
            refusal(odd, body: nil, policy: .s3()), api: "InvalidSignatureException", s3: "InvalidArgument",
            status: 400)
        let strict = VerificationPolicy.s3(allowsUnsignedPayload: false)
        #expect(refusal(signedS3Request(payload: .unsigned), body: nil, policy: .s3()) == nil)
        for payload in [PayloadDeclaration.unsigned, .streamingUnsignedTrailer] {
            #expect(refusal(signedS3Request(payload: payload), body: nil, policy: strict) == .unsignedPayload)
        }
        #expect(refusal(signedS3Request(payload: .streamingSigned), body: nil, policy: strict) == nil)
    }

    @Test func `No error shows a secret or a signature`() throws {
        let request = signedAPIRequest()
        let header = try #require(request.headers[.authorization])
        let signature = try #require(header.components(separatedBy: "Signature=").last)
        for key in [AccessKeyLookup.unknown, .active(SecretAccessKey("another"))] {
            let error = try #require(refusal(request, key: key))
            let shown = "\(error) \(error.apiFault) \(error.s3Fault)"
            #expect(!shown.contains(signature))
            #expect(!shown.contains(exampleCredentials.secretAccessKey.revealed))
            #expect(!shown.contains("another"))
        }
    }

    // MARK: Published examples of S3

    private static let published = SigningCredentials(
        accessKeyID: "AKIAIOSFODNN7EXAMPLE",
        secretAccessKey: SecretAccessKey("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"))

    @Test func `The signatures of S3's published examples come out`() throws {
        let time = try #require(SigningTime(basicFormat: "20130524T000000Z"))
        let signer = Signer(credentials: Self.published, region: "us-east-1", service: "s3")
        var get = SignableRequest(
            method: "GET", path: "/test.txt", host: "examplebucket.s3.amazonaws.com",
            headers: [name("Range"): "bytes=0-9"])
        signer.sign(&get, at: time, payload: .sha256(.empty))
        #expect(
            get.headers[.authorization]?.hasSuffix(
                "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41") == true)

        var presigned = SignableRequest(method: "GET", path: "/test.txt", host: "examplebucket.s3.amazonaws.com")
        signer.presign(&presigned, at: time, expirySeconds: 86_400, payload: .unsigned)
        #expect(
            presigned.query?.hasSuffix(
                "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404") == true)
    }
}
