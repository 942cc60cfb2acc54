// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockClient
import PenstockSigning
import PenstockTesting

let exampleCredentials = SigningCredentials(
    accessKeyID: "AKIDEXAMPLE", secretAccessKey: SecretAccessKey("a-secret-that-nobody-sees"))

/// A client of a service that the test plays.
func client(
    _ transport: ScriptedTransport, pacing: ManualPacing = ManualPacing(skippingSleepsUpTo: .seconds(20)),
    endpoint: String? = nil, credentials: any CredentialProvider = StaticCredentials(exampleCredentials),
    policy: RetryPolicy = RetryPolicy()
) -> CodePipelineClient {
    var configuration = ClientConfiguration(
        region: "eu-west-1", credentials: credentials, endpoint: endpoint.flatMap { Endpoint($0) })
    configuration.retryPolicy = policy
    return CodePipelineClient(configuration: configuration, transport: transport, pacing: pacing.pacing)
}

/// Answers as a pipeline's name is asked for: with two pipelines at most.
func pipelineList(_ names: [String], nextToken: String? = nil) -> TransportResponse {
    let list = names.map { #"{"name":"\#($0)"}"# }.joined(separator: ",")
    let token = nextToken.map { #","nextToken":"\#($0)""# } ?? ""
    return .json(#"{"pipelines":[\#(list)]\#(token)}"#)
}
