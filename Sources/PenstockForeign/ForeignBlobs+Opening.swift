// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
import PenstockOutbound

/// Why a place in another store cannot hold the content of this service, in words for whoever named it.
package struct ForeignPlaceProblem: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Kind: Sendable, Hashable {
        /// What was configured cannot be right.
        case configuration
        /// The store does not answer, or what is there is not what belongs there.
        case unusable
    }

    package var kind: Kind
    package var description: String
}

extension ForeignBlobs {
    private static let markerName = "penstock-artifacts"
    /// Whatever is there, a marker is not longer.
    private static let maximumMarkerBytes = 256

    /// Makes sure that the place holds the content of this database and of no other, and can be written.
    ///
    /// - Parameters:
    ///   - identity: Of the database; the same whichever server opens it.
    ///   - isNew: Whether no content was ever stored. Then the place is taken if nobody has it.
    package func prepare(identity: String, isNew: Bool) async throws(ForeignPlaceProblem) {
        switch try await self.marker() {
        case identity: break
        case nil where isNew: break
        case nil:
            throw ForeignPlaceProblem(
                kind: .unusable,
                description: "\(self.place) has nothing of this database's, whose artifacts are elsewhere.")
        case .some:
            throw ForeignPlaceProblem(
                kind: .unusable,
                description: "\(self.place) holds the artifacts of another database. Each has a prefix of its own.")
        }
        // Written each time, to know that it can be.
        try await self.putMarker(identity)
    }

    private var markerRequest: S3Request {
        S3Request(.GET, bucket: self.bucket, key: self.prefix + Self.markerName)
    }

    /// Whose content the place holds; `nil` when it is nobody's.
    package func marker() async throws(ForeignPlaceProblem) -> String? {
        let answer = try await self.ask(self.markerRequest)
        if answer.status == 404, answer.errorCode != "NoSuchBucket" { return nil }
        guard answer.status == 200 else { throw self.problem(answer, "read") }
        let text = String(decoding: answer.document.prefix(Self.maximumMarkerBytes), as: UTF8.self)
        return String(text.prefix { !$0.isNewline })
    }

    /// Says whose content the place holds from now on.
    package func putMarker(_ identity: String) async throws(ForeignPlaceProblem) {
        var request = self.markerRequest
        request.method = .PUT
        request.body = .bytes(Array("\(identity)\n".utf8))
        let answer = try await self.ask(request)
        guard answer.isSuccess else { throw self.problem(answer, "written") }
    }

    private func ask(_ request: S3Request) async throws(ForeignPlaceProblem) -> S3Answer {
        do throws(S3Failure) {
            return try await self.client.send(request)
        } catch {
            throw ForeignPlaceProblem(
                kind: .unusable, description: "The artifacts in \(self.place) cannot be reached: \(error).")
        }
    }

    private func problem(_ answer: S3Answer, _ participle: String) -> ForeignPlaceProblem {
        let code = answer.errorCode.map { ", \($0)" } ?? ""
        let told = "the store answered \(answer.status)\(code)"
        let reason: String
        switch answer.status {
        case 404: reason = "there is no bucket '\(self.bucket)' (\(told))"
        case 401, 403:
            reason = "the key \(self.client.accessKeyID) is not known, or may not do it (\(told))"
        case _ where answer.bucketRegion.map { $0 != self.client.settings.region } ?? false:
            reason = "the bucket is in the region \(answer.bucketRegion ?? ""), not \(self.client.settings.region)"
        default: reason = told
        }
        return ForeignPlaceProblem(
            kind: .configuration, description: "\(self.place) cannot be \(participle): \(reason).")
    }
}
