// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import NIOCore
import PenstockAccess
import PenstockArtifacts
import PenstockModel
import PenstockSigning
import Testing

@testable import PenstockS3

/// The credentials that a job hands its worker.
@Suite(.onEachBlobStore) struct JobCredentialTests {
    private static let job = JobID(UniqueID(high: 1, low: 2))
    private static let input = ObjectGrant(bucket: "bucket", key: "in/source.zip")
    private static let output = ObjectGrant(bucket: "bucket", key: "out/built.zip")

    /// A bed with the input in it, and credentials of the job, which runs.
    private func running(pinned: Bool = false) async throws -> (Bed, SigningCredentials, version: String) {
        let bed = try await Bed()
        try await bed.enableVersioning()
        let version = try #require(try await bed.put("/bucket/in/source.zip", "given")["x-amz-version-id"])
        try await bed.put("/bucket/in/source.zip", "newer").expect(.ok)
        var input = Self.input
        if pinned { input.versionID = version }
        bed.index.setDispatch(1, of: Self.job)
        return (bed, try bed.jobCredentials(Self.job, read: [input], write: [Self.output]), version)
    }

    @Test func `They read the inputs and write the outputs, in one piece or in parts`() async throws {
        let (bed, worker, _) = try await self.running()
        #expect(try await bed.send(.get, "/bucket/in/source.zip", as: worker).expect(.ok).text == "newer")
        try await bed.send(.head, "/bucket/in/source.zip", as: worker).expect(.ok)
        try await bed.send(.put, "/bucket/out/built.zip", .text("whole"), as: worker).expect(.ok)
        #expect(try await bed.get("/bucket/out/built.zip").text == "whole")
        let target = "/bucket/out/built.zip"
        let begun = try await bed.send(.post, "\(target)?uploads", as: worker).expect(.ok)
        let upload = try #require(try begun.document["UploadId"]?.text)
        let part = try await bed.send(.put, "\(target)?partNumber=1&uploadId=\(upload)", .text("part"), as: worker)
        let etag = try #require(part.expect(.ok)["ETag"])
        try await bed.send(.get, "\(target)?uploadId=\(upload)", as: worker).expect(.ok)
        let list =
            "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>\(etag)</ETag></Part>"
            + "</CompleteMultipartUpload>"
        try await bed.send(.post, "\(target)?uploadId=\(upload)", .text(list), as: worker).expect(.ok)
        #expect(try await bed.get(target).text == "part")
        #expect(bed.denials.all.isEmpty)
    }

    @Test func `Everything else is forbidden, and recorded`() async throws {
        let (bed, worker, _) = try await self.running()
        try await bed.put("/bucket/other", "x").expect(.ok)
        let forbidden: [(HTTPRequest.Method, String, String)] = [
            (.get, "/", "ListBuckets"), (.get, "/bucket", "ListObjects"),
            (.get, "/bucket?list-type=2", "ListObjectsV2"),
            (.head, "/bucket", "HeadBucket"), (.put, "/new", "CreateBucket"), (.delete, "/bucket", "DeleteBucket"),
            (.get, "/bucket?versions", "ListObjectVersions"), (.get, "/bucket?uploads", "ListMultipartUploads"),
            (.get, "/bucket?versioning", "GetBucketVersioning"), (.get, "/bucket/other", "GetObject"),
            (.get, "/bucket/in", "GetObject"), (.get, "/bucket/in/source.zip/", "GetObject"),
            (.get, "/bucket/in/source.zip%00", "GetObject"), (.get, "/bucket//in/source.zip", "GetObject"),
            (.get, "/bucket/out/built.zip", "GetObject"), (.put, "/bucket/in/source.zip", "PutObject"),
            (.put, "/bucket/out/built.zi", "PutObject"), (.put, "/bucket/out/../out/built.zip", "PutObject"),
            (.delete, "/bucket/out/built.zip", "DeleteObject"), (.delete, "/bucket/in/source.zip", "DeleteObject"),
            (.post, "/bucket/in/source.zip?uploads", "CreateMultipartUpload"),
            (.get, "/other/in/source.zip", "GetObject"),
            (.post, "/bucket?delete", "DeleteObjects"),
        ]
        for (method, target, _) in forbidden {
            let answer = try await bed.send(method, target, as: worker)
            #expect(answer.status == .forbidden, "\(method) \(target)")
        }
        #expect(bed.denials.all.map(\.operation) == forbidden.map(\.2))
        let first = try #require(bed.denials.all.first { $0.operation == "GetObject" })
        #expect(first.resource == "arn:aws:s3:::bucket/other")
        #expect(first.principal == "arn:aws:sts::000000000000:assumed-role/job-worker/\(Self.job)")
        #expect(!first.requestID.isEmpty)
    }

    @Test func `A copy needs the right to read its source`() async throws {
        let (bed, worker, _) = try await self.running()
        try await bed.put("/bucket/other", "secret").expect(.ok)
        let target = "/bucket/out/built.zip"
        for source in ["/bucket/other", "/bucket/out/built.zip", "/bucket/in/source.zip?versionId=1"] {
            let answer = try await bed.send(.put, target, headers: [.xAmzCopySource: source], as: worker)
            #expect(answer.refusal == "403 AccessDenied", "\(source)")
        }
        try await bed.send(.put, target, headers: [.xAmzCopySource: "/bucket/in/source.zip"], as: worker).expect(.ok)
        #expect(try await bed.get(target).text == "newer")
    }

    @Test func `A job that was given a version reads exactly that one`() async throws {
        let (bed, worker, version) = try await self.running(pinned: true)
        let target = "/bucket/in/source.zip"
        #expect(try await bed.send(.get, target, as: worker).expect(.ok).text == "given")
        #expect(try await bed.send(.get, "\(target)?versionId=\(version)", as: worker).expect(.ok).text == "given")
        #expect(try await bed.send(.get, "\(target)?versionId=null", as: worker).refusal == "403 AccessDenied")
        let copy = try await bed.send(
            .put, "/bucket/out/built.zip", headers: [.xAmzCopySource: "/bucket/in/source.zip"], as: worker
        ).expect(.ok)
        #expect(copy["x-amz-copy-source-version-id"] == version)
        #expect(try await bed.get("/bucket/out/built.zip").text == "given")
    }

    @Test(arguments: [nil, 2])
    func `Once the job has ended or was dispatched anew, they write nothing`(_ dispatch: Int?) async throws {
        let (bed, worker, _) = try await self.running()
        let target = "/bucket/out/built.zip"
        let begun = try await bed.send(.post, "\(target)?uploads", as: worker).expect(.ok)
        let upload = try #require(try begun.document["UploadId"]?.text)
        let part = try await bed.send(.put, "\(target)?partNumber=1&uploadId=\(upload)", .text("x"), as: worker)
        let etag = try #require(part.expect(.ok)["ETag"])
        bed.index.setDispatch(dispatch, of: Self.job)
        let list =
            "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>\(etag)</ETag></Part>"
            + "</CompleteMultipartUpload>"
        let refused: [(HTTPRequest.Method, String, String, HTTPFields)] = [
            (.put, target, "late", [:]), (.post, "\(target)?uploads", "", [:]),
            (.put, "\(target)?partNumber=2&uploadId=\(upload)", "late", [:]),
            (.post, "\(target)?uploadId=\(upload)", list, [:]), (.delete, "\(target)?uploadId=\(upload)", "", [:]),
            (.put, target, "", [.xAmzCopySource: "/bucket/in/source.zip"]),
        ]
        for (method, path, body, headers) in refused {
            let answer = try await bed.send(method, path, .text(body), headers: headers, as: worker)
            #expect(answer.refusal == "403 AccessDenied", "\(method) \(path)")
        }
        #expect(try await bed.get(target).refusal == "404 NoSuchKey")
        #expect(bed.denials.all.count == refused.count)
    }

    /// The bytes arrive while the job runs; it ends before they are committed.
    @Test func `A job that ends while it uploads has not written`() async throws {
        let (bed, _, _) = try await self.running()
        let grant = JobWriteGrant(jobID: Self.job, dispatch: 1)
        let caller = ArtifactStore.Caller(scope: Scope(account: .default, region: .default), grant: grant)
        await #expect {
            _ = try await bed.store.put(ObjectName(bucket: "bucket", key: ObjectKey("k")), as: caller) { writer in
                try await writer.write(ByteBuffer(string: "late"))
                bed.index.setDispatch(nil, of: Self.job)
                return nil
            }
        } throws: {
            ($0 as? ArtifactError)?.code == .grantEnded
        }
        #expect(try await bed.get("/bucket/k").refusal == "404 NoSuchKey")
    }

    @Test func `They end with their hour`() async throws {
        let (bed, worker, _) = try await self.running()
        bed.advance(.hours(1))
        #expect(try await bed.send(.get, "/bucket/in/source.zip", as: worker).refusal == "400 ExpiredToken")
    }

    @Test func `Names that look alike are different objects`() async throws {
        let bed = try await Bed()
        bed.index.setDispatch(1, of: Self.job)
        let grant = ObjectGrant(bucket: "bucket", key: "caf\u{e9}")
        let worker = try bed.jobCredentials(Self.job, write: [grant])
        #expect(try await bed.send(.put, path("bucket", "cafe\u{301}"), as: worker).status == .forbidden)
        try await bed.send(.put, path("bucket", "caf\u{e9}"), as: worker).expect(.ok)
    }
}

/// What policies allow a user.
@Suite(.onEachBlobStore) struct PolicyTests {
    private func bed(_ policy: String) async throws -> (Bed, SigningCredentials) {
        let bed = try await Bed()
        let user = SigningCredentials.made("USER")
        try bed.addKey(user, policy: policy)
        for key in ["open/k", "closed/k"] { try await bed.put("/bucket/\(key)", "x").expect(.ok) }
        return (bed, user)
    }

    private static let open = """
        {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": ["s3:*Object"], "Resource": "arn:aws:s3:::bucket/open/*"},
            {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::bucket",
             "Condition": {"StringEquals": {"s3:prefix": "open/"}}}]}
        """

    @Test func `A user does what the policy allows and nothing else`() async throws {
        let (bed, user) = try await self.bed(Self.open)
        try await bed.send(.get, "/bucket/open/k", as: user).expect(.ok)
        try await bed.send(.put, "/bucket/open/new", as: user).expect(.ok)
        try await bed.send(.get, "/bucket?prefix=open/", as: user).expect(.ok)
        for (method, target) in [
            (HTTPRequest.Method.get, "/bucket/closed/k"), (.put, "/bucket/closed/k"), (.get, "/bucket"),
            (.get, "/bucket?prefix=closed/"), (.delete, "/bucket"), (.get, "/"),
            (.get, "/bucket/open/k?versionId=null"),
        ] {
            #expect(try await bed.send(method, target, as: user).refusal == "403 AccessDenied", "\(method) \(target)")
        }
        #expect(bed.denials.all.count == 7)
        #expect(bed.denials.all.first?.principal == "arn:aws:iam::000000000000:user/user-XXXX")
    }

    @Test func `Of many deletions the forbidden ones are refused one by one, and recorded`() async throws {
        let (bed, user) = try await self.bed(Self.open)
        let body = Payload.text(
            "<Delete><Object><Key>open/k</Key></Object><Object><Key>closed/k</Key></Object></Delete>"
        )
        let answer = try await bed.send(.post, "/bucket?delete", body, as: user).expect(.ok).document
        #expect(answer.all("Deleted").compactMap { $0["Key"]?.text } == ["open/k"])
        #expect(
            answer.all("Error").map { "\($0["Key"]?.text ?? "") \($0["Code"]?.text ?? "")" } == [
                "closed/k AccessDenied"
            ])
        try await bed.get("/bucket/closed/k").expect(.ok)
        #expect(bed.denials.all.map(\.resource) == ["arn:aws:s3:::bucket/closed/k"])
    }
}
