// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEvents
import PenstockModel
import PenstockOutbound
import PenstockRuntime
import PenstockStore
import Testing

let noon = Timestamp(millisecondsSinceEpoch: 1_769_947_200_000)

func message(
    kind: EventMessage.Kind = .stateChange,
    detail: String = #"{"state":"FAILED"}"#,
    attributes: String? = #"{"failedStage":"Build"}"#
) -> EventMessage {
    EventMessage(
        id: UniqueID(high: 0x4000, low: 0x8000_0000_0000_0001),
        kind: kind,
        pipeline: PipelineKey(scope: Scope(account: .default, region: .default), name: "shop"),
        at: noon,
        detailType: "CodePipeline Stage Execution State Change",
        subject: "shop/Build FAILED",
        detail: detail,
        additionalAttributes: attributes
    )
}

func delivery(_ message: EventMessage = message(), attempt: Int = 1) -> EventDelivery {
    EventDelivery(message: message, attempt: attempt)
}

/// The sender that one target's configuration makes.
func sender(
    _ target: String,
    resolver: any AddressResolver = SystemResolver()
) throws -> any EventSender {
    let file = Array(#"{"targets":[\#(target)]}"#.utf8)
    let configuration = try EventConfiguration(file: file) { _ throws(ConfigurationProblem) in
        throw ConfigurationProblem(at: "", "is not there")
    }
    return try #require(configuration.senders(resolver: resolver, realTime: { noon }).values.first)
}

/// Names that lead where a test says, another place each time if it wants.
struct ScriptedNames: AddressResolver {
    var answer: @Sendable (_ host: String) -> [String]

    init(_ answer: @escaping @Sendable (_ host: String) -> [String]) { self.answer = answer }

    func addresses(of host: String) async throws(ResolutionFailure) -> [IPAddress] {
        self.answer(host).compactMap { SystemResolver.numericAddress($0) }
    }
}
