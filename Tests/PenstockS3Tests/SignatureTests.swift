// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import NIOCore
import PenstockAccess
import PenstockModel
import PenstockSigning
import Testing

@testable import PenstockS3

/// Presigned URLs, and what is told to those whose signature is no good.
@Suite struct SignatureTests {
    /// A presigned target, good for so long.
    private func presigned(
        _ method: HTTPRequest.Method, _ target: String, seconds: Int64 = 60, _ bed: Bed,
        as credentials: SigningCredentials = .administrator
    ) -> String {
        let signer = Signer(credentials: credentials, region: "us-east-1", service: "s3")
        var signable = SignableRequest(method: method.rawValue, target: target, host: Bed.host)
        signer.presign(&signable, at: bed.signingTime, expirySeconds: seconds, payload: .unsigned)
        return signable.target
    }

    @Test func `A URL puts and gets an object without further signature`() async throws {
        let bed = try await Bed()
        let put = self.presigned(.put, path("bucket", "a b/é"), bed)
        try await bed.deliver(.put, put, [.contentLength: "6"], Array("by url".utf8)).expect(.ok)
        let get = self.presigned(.get, path("bucket", "a b/é") + "?response-content-type=text%2Fx-test", bed)
        let answer = try await bed.deliver(.get, get).expect(.ok)
        #expect(answer.text == "by url")
        #expect(answer["Content-Type"] == "text/x-test")
    }

    @Test func `A URL is for one method, one object and one time`() async throws {
        let bed = try await Bed()
        for key in ["k", "l"] { try await bed.put("/bucket/\(key)", "x").expect(.ok) }
        let url = self.presigned(.get, "/bucket/k", bed)
        #expect(try await bed.deliver(.put, url).refusal == "403 SignatureDoesNotMatch")
        let other = url.replacing("/bucket/k?", with: "/bucket/l?")
        #expect(try await bed.deliver(.get, other).refusal == "403 SignatureDoesNotMatch")
        #expect(try await bed.deliver(.get, url + "&versionId=null").refusal == "403 SignatureDoesNotMatch")
        #expect(try await bed.deliver(.get, "/bucket/k").refusal == "403 AccessDenied")
        bed.advance(.seconds(61))
        #expect(try await bed.deliver(.get, url).refusal == "403 AccessDenied")
    }

    @Test func `A URL of a session works as long as the session`() async throws {
        let bed = try await Bed()
        try await bed.put("/bucket/k", "x").expect(.ok)
        let worker = try bed.jobCredentials(
            JobID(UniqueID(high: 1, low: 2)), read: [.init(bucket: "bucket", key: "k")]
        )
        let url = self.presigned(.get, "/bucket/k", seconds: 7200, bed, as: worker)
        try await bed.deliver(.get, url).expect(.ok)
        bed.advance(.hours(1))
        #expect(try await bed.deliver(.get, url).refusal == "400 ExpiredToken")
    }

    @Test func `A wrong secret and an unknown key are refused`() async throws {
        let bed = try await Bed()
        let forged = SigningCredentials(
            accessKeyID: SigningCredentials.administrator.accessKeyID, secretAccessKey: SecretAccessKey("guess")
        )
        #expect(try await bed.send(.get, "/bucket", as: forged).refusal == "403 SignatureDoesNotMatch")
        #expect(try await bed.send(.get, "/bucket", as: .made("NOBODY")).refusal == "403 InvalidAccessKeyId")
        #expect(try await bed.deliver(.get, "/bucket").refusal == "403 AccessDenied")
        // Who they are is not known, so there is nobody to record.
        #expect(bed.denials.all.isEmpty)
    }

    @Test func `A request of another time is refused`() async throws {
        let bed = try await Bed()
        let signer = Signer(credentials: .administrator, region: "us-east-1", service: "s3")
        var signable = SignableRequest(method: "GET", target: "/bucket", host: Bed.host)
        signer.sign(&signable, at: bed.signingTime, payload: .unsigned)
        try await bed.deliver(.get, "/bucket", signable.headers).expect(.ok)
        bed.advance(.hours(1))
        #expect(try await bed.deliver(.get, "/bucket", signable.headers).refusal == "403 RequestTimeTooSkewed")
    }
}

@Suite struct ErrorTests {
    @Test func `An error is a document that names the request and what it was about`() async throws {
        let bed = try await Bed()
        let answer = try await bed.get("/bucket/no%20such")
        #expect(answer["Content-Type"] == "application/xml")
        let document = try answer.document
        #expect(document.name == "Error")
        #expect(document["Message"]?.text == "The specified key does not exist.")
        #expect(document["Resource"]?.text == "/bucket/no%20such")
        #expect(document["RequestId"]?.text == answer["x-amz-request-id"])
        #expect(document["HostId"]?.text == answer["x-amz-id-2"])
    }

    @Test func `What a client wrote is escaped in the document`() async throws {
        let bed = try await Bed()
        let answer = try await bed.get("/bucket?list-type=2&max-keys=%3Cscript%3E%26")
        #expect(answer.text.contains("<ArgumentValue>&lt;script&gt;&amp;</ArgumentValue>"))
        #expect(try answer.document["ArgumentValue"]?.text == "<script>&")
    }

    @Test(arguments: BucketSetting.allCases)
    func `What S3 lets one set of a bucket cannot be set here, and was not`(_ setting: BucketSetting) async throws {
        let bed = try await Bed()
        let target = "/bucket?\(setting.rawValue)"
        for method in [HTTPRequest.Method.put, .delete] {
            #expect(try await bed.send(method, target).refusal == "501 NotImplemented")
        }
        try await bed.send(.head, "/bucket").expect(.ok)
        let answer = try await bed.get(target)
        switch setting.absence {
        case .error(let error): #expect(answer.refusal == "404 \(error.code)")
        case .document(let root): #expect(try answer.expect(.ok).document.name == root)
        }
        #expect(try await bed.get("/nowhere?\(setting.rawValue)").refusal == "404 NoSuchBucket")
    }

    @Test func `An object has no tags, and all rights on it are its owner's`() async throws {
        let bed = try await Bed()
        try await bed.put("/bucket/k", "x").expect(.ok)
        #expect(try await bed.get("/bucket/k?tagging").expect(.ok).document["TagSet"]?.children.isEmpty == true)
        let list = try await bed.get("/bucket/k?acl").expect(.ok).document
        #expect(list["Owner"]?["ID"]?.text == "000000000000")
        #expect(list["AccessControlList"]?["Grant"]?["Permission"]?.text == "FULL_CONTROL")
        for name in ["tagging", "acl"] {
            #expect(try await bed.get("/bucket/none?\(name)").refusal == "404 NoSuchKey")
            #expect(try await bed.put("/bucket/k?\(name)", "<x/>").refusal == "501 NotImplemented")
        }
        for name in ["retention", "legal-hold", "torrent"] {
            #expect(try await bed.get("/bucket/k?\(name)").refusal == "501 NotImplemented")
        }
    }

    @Test func `Reading a setting takes the permission of that setting`() async throws {
        let bed = try await Bed()
        let user = SigningCredentials.made("READER")
        let statement = #"{"Effect": "Allow", "Action": "s3:GetBucketCORS", "Resource": "*"}"#
        try bed.addKey(user, policy: #"{"Version": "2012-10-17", "Statement": [\#(statement)]}"#)
        #expect(try await bed.send(.get, "/bucket?cors", as: user).refusal == "404 NoSuchCORSConfiguration")
        #expect(try await bed.send(.get, "/bucket?policy", as: user).refusal == "403 AccessDenied")
        #expect(bed.denials.all.map(\.operation) == ["GetBucketPolicy"])
    }

    @Test func `Other methods are not allowed`() async throws {
        let bed = try await Bed()
        for (method, target) in [
            (HTTPRequest.Method.patch, "/bucket/k"), (.post, "/bucket/k"), (.put, "/"), (.options, "/bucket"),
        ] {
            #expect(try await bed.send(method, target).refusal == "405 MethodNotAllowed")
        }
        #expect(try await bed.send(.post, "/bucket").refusal == "501 NotImplemented")
    }

    @Test func `A document beyond the limit is refused before it is read`() async throws {
        let bed = try await Bed()
        let body = [UInt8](repeating: 0x20, count: S3Limits.documentBytes + 1)
        #expect(try await bed.send(.post, "/bucket?delete", .bytes(body)).refusal == "400 MaxMessageLengthExceeded")
    }
}

@Suite struct KeyOperationTests {
    static let hostile = [
        "../../../etc/passwd", "/", "//", ".", "..", "a/../b", "\0", "a\0b", "\u{feff}x", "caf\u{e9}", "cafe\u{301}",
        "💥/🚰", " ", " leading", "trailing ", "a b+c%20d", "%2e%2e%2f", "a&<b>'\"", "\u{1}", "a\r\nb", "?", "#", "a?b=c",
        "'; DROP TABLE objects; --", String(repeating: "k", count: 1024), String(repeating: "💥", count: 256), "\\", "*",
    ]

    @Test func `Any key is data`() async throws {
        let bed = try await Bed()
        for key in Self.hostile { try await bed.put(path("bucket", key), key).expect(.ok) }
        for key in Self.hostile { #expect(try await bed.get(path("bucket", key)).text == key) }
        let listed = try await bed.get("/bucket?list-type=2&encoding-type=url").document.all("Contents")
        let sorted = Self.hostile.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
        #expect(listed.compactMap { $0["Key"]?.text } == sorted.map { String(path("bucket", $0).dropFirst(8)) })
        for key in Self.hostile { try await bed.send(.delete, path("bucket", key)).expect(.noContent) }
        try await bed.send(.delete, "/bucket").expect(.noContent)
    }

    @Test func `Keys in documents are data as well`() async throws {
        let bed = try await Bed()
        // XML has no way to write NUL; clients delete such keys one by one.
        let keys = Self.hostile.filter { !$0.contains("\0") }
        for key in keys { try await bed.put(path("bucket", key), "x").expect(.ok) }
        let xml = XMLWriter.document("Delete") { xml in
            for key in keys { xml.element("Object") { $0.element("Key", key) } }
        }
        let answer = try await bed.send(.post, "/bucket?delete", .bytes(Array(xml.readableBytesView))).expect(.ok)
        #expect(try answer.document.all("Deleted").compactMap { $0["Key"]?.text } == keys)
        #expect(try await bed.get("/bucket").document["Contents"] == nil)
    }

    @Test func `A key has at most 1,024 bytes and is UTF-8`() async throws {
        let bed = try await Bed()
        let long = String(repeating: "k", count: 1025)
        #expect(try await bed.put("/bucket/\(long)").refusal == "400 KeyTooLongError")
        #expect(try await bed.send(.post, "/bucket/\(long)?uploads").refusal == "400 KeyTooLongError")
        for target in ["/bucket/%FF", "/bucket/%C3%28", "/bucket/%ED%A0%80", "/bucket/k?prefix=%FF"] {
            #expect(try await bed.send(.put, target).refusal == "400 InvalidURI", "\(target)")
        }
    }
}
