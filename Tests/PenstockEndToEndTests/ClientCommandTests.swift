// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockClient
import PenstockTesting
import Testing

/// The commands that are clients of a service, as processes.
struct ClientCommandTests {
    /// What the environment of whoever runs the tests must not add; an empty variable is as good as none.
    private static func environment(_ credentials: SigningCredentials) -> [String: String] {
        let names = [
            "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_CODEPIPELINE",
            "AWS_SESSION_TOKEN", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
        ]
        var environment = Dictionary(uniqueKeysWithValues: names.map { ($0, "") })
        environment["AWS_CONFIG_FILE"] = "/nowhere"
        environment["AWS_SHARED_CREDENTIALS_FILE"] = "/nowhere"
        environment["AWS_ACCESS_KEY_ID"] = credentials.accessKeyID
        environment["AWS_SECRET_ACCESS_KEY"] = credentials.secretAccessKey.revealed
        return environment
    }

    @Test func `Address and region may be said by options alone`() async throws {
        try await TestServer.run { server in
            let address = ["--endpoint-url", "http://\(server.endpoint.authority)"]
            for options in [address, address + ["--region", "eu-west-3"]] {
                let command = try ProcessUnderTest(
                    ["pipelines", "list"] + options, environment: Self.environment(server.credentials))
                let ended = try await command.ended()
                #expect(ended.errors.isEmpty)
                #expect(ended.status == 0)
            }
        }
    }
}
