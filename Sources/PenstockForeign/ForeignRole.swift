// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
package import PenstockArtifacts
package import PenstockOutbound
import PenstockSigning

/// The role in another store whose sessions workers are given, and the STS that gives them.
package struct ForeignRole: Sendable {
    /// Source: AWS Security Token Service API Reference, AssumeRole.
    package static let shortestLifetime = Duration.seconds(900)
    /// How long an ARN of a role is, in characters.
    static let arnLength = 20...2048
    /// So much of what an STS says is told, in characters.
    private static let toldLength = 300

    /// A client of the STS.
    private let client: S3Client
    private let arn: String

    /// - Parameter client: Of the STS, which signs for the service `sts`.
    package init(client: S3Client, arn: String) {
        self.client = client
        self.arn = arn
    }

    /// As in `aws`, `aws-cn`, in ARNs of the store's objects. Stores that have one of their own for roles have `aws` there.
    var partition: Substring {
        let parts = self.arn.split(separator: ":")
        return parts.count > 1 && parts[1].hasPrefix("aws") ? parts[1] : "aws"
    }

    /// Credentials that are good for what the policy allows and the role may do.
    ///
    /// - Throws: ``ForeignBlobFailure``, with what the STS says.
    package func assume(
        session: String, policy: SessionPolicy, lifetime: Duration
    ) async throws(ForeignBlobFailure) -> StagingCredentials {
        do throws(ForeignBlobFailure) {
            return try self.credentials(
                in: await self.ask(session: session, policy: policy, lifetime: lifetime))
        } catch {
            throw ForeignBlobFailure("the role \(self.arn) cannot be assumed: \(error)")
        }
    }

    /// - Throws: ``ForeignBlobFailure`` where the answer has none.
    func credentials(in answer: S3Answer) throws(ForeignBlobFailure) -> StagingCredentials {
        guard answer.isSuccess, let id = answer.text(of: "AccessKeyId"),
            let secret = answer.text(of: "SecretAccessKey"), let token = answer.text(of: "SessionToken")
        else {
            let code = answer.errorCode.map { ", \($0)" } ?? (answer.isSuccess ? ", and gave no credentials" : "")
            let message = answer.text(of: "Message").map { ": \($0.prefix(Self.toldLength))" } ?? ""
            var failure = ForeignBlobFailure("\(self.client.origin) answered \(answer.status)\(code)\(message)")
            failure.isAnswer = true
            throw failure
        }
        return StagingCredentials(accessKeyID: id, secretAccessKey: secret, sessionToken: token)
    }

    func ask(
        session: String, policy: SessionPolicy, lifetime: Duration
    ) async throws(ForeignBlobFailure) -> S3Answer {
        let fields = [
            ("Action", "AssumeRole"), ("Version", "2011-06-15"), ("RoleArn", self.arn),
            ("RoleSessionName", session), ("Policy", policy.document),
            ("DurationSeconds", "\(max(lifetime, Self.shortestLifetime).components.seconds)"),
        ]
        let body = fields.map { name, value in
            "\(name)=\(String(decoding: URIEncoding.encode(value.utf8, keepingSlashes: false), as: UTF8.self))"
        }
        .joined(separator: "&")
        var request = S3Request(.POST, bucket: nil)
        request.headers = [("content-type", "application/x-www-form-urlencoded")]
        request.body = .bytes(Array(body.utf8))
        do throws(S3Failure) {
            return try await self.client.send(request)
        } catch {
            throw ForeignBlobFailure("\(error)")
        }
    }
}
