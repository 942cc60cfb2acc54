// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
package import PenstockRuntime
import PenstockSigning
import PenstockStore

/// Publishes events to a topic.
///
/// Source: Amazon SNS API Reference, Publish.
package struct TopicSender: EventSender {
    /// The most bytes of one message. Source: Amazon SNS API Reference, Publish.
    package static let maximumMessageBytes = 256 * 1024
    /// The most characters of a subject. Source: Amazon SNS API Reference, Publish.
    package static let maximumSubjectLength = 100

    private let call: ServiceCall
    private let topicARN: String

    package init(call: ServiceCall, topicARN: String) {
        self.call = call
        self.topicARN = topicARN
    }

    package func send(_ delivery: EventDelivery) async throws(EventSendFailure) {
        let message = delivery.message
        let document = message.document
        guard document.utf8.count <= Self.maximumMessageBytes else {
            throw EventSendFailure("the event has more than \(Self.maximumMessageBytes) bytes")
        }
        var fields = [
            ("Action", "Publish"), ("Version", "2010-03-31"), ("TopicArn", self.topicARN),
            ("Subject", String(message.subject.prefix(Self.maximumSubjectLength))), ("Message", document),
        ]
        if self.topicARN.hasSuffix(".fifo") {
            // Groups are what the queue keeps in order, and what comes twice is thrown away there.
            fields += [("MessageGroupId", Self.group(of: message)), ("MessageDeduplicationId", "\(message.id)")]
        }
        let body = fields.map { "\($0.0)=\(Self.encoded($0.1))" }.joined(separator: "&")
        _ = try await self.call.post(
            Array(body.utf8), contentType: "application/x-www-form-urlencoded; charset=utf-8",
            attempt: delivery.attempt)
    }

    /// At most 128 characters, which names of pipelines leave room for.
    private static func group(of message: EventMessage) -> String {
        String("\(message.pipeline.scope.account)-\(message.pipeline.name)".prefix(128))
    }

    private static func encoded(_ text: String) -> String {
        String(decoding: URIEncoding.encode(text.utf8, keepingSlashes: false), as: UTF8.self)
    }
}
