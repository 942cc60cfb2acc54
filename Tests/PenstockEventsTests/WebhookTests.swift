// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEvents
import PenstockRuntime
import Synchronization
import Testing

/// HTTP endpoints, over sockets.
struct WebhookTests {
    private func hook(_ port: Int, host: String = "127.0.0.1", seconds: Int = 300) -> String {
        #"{"name":"hook","kind":"http","url":"http://\#(host):\#(port)/in?x=1","secret":"0123456789abcdef","#
            + #""allowPrivateAddresses":true,"timeoutSeconds":\#(seconds)}"#
    }

    private func failure(of sender: any EventSender, attempt: Int = 1) async -> EventSendFailure? {
        await #expect(throws: EventSendFailure.self) { try await sender.send(delivery(attempt: attempt)) }
    }

    // MARK: Signatures

    @Test func `A signature is that of the published specification`() throws {
        let secret = try #require(WebhookSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
        let signature = secret.signature(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek", secondsSinceEpoch: 1_614_265_330,
            body: Array(#"{"test": 2432232314}"#.utf8))
        #expect(signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }

    @Test func `A secret without the prefix is taken as it is`() throws {
        let plain = try #require(WebhookSecret("0123456789abcdef"))
        let prefixed = try #require(WebhookSecret("whsec_MDEyMzQ1Njc4OWFiY2RlZg=="))
        let body = Array("x".utf8)
        #expect(
            plain.signature(id: "a", secondsSinceEpoch: 1, body: body)
                == prefixed.signature(id: "a", secondsSinceEpoch: 1, body: body))
    }

    // MARK: Requests

    @Test func `An endpoint gets the document, signed, with the id of the event`() async throws {
        try await LoopbackEndpoint.run { endpoint, port in
            let sender = try sender(self.hook(port))
            try await sender.send(delivery())
            try await sender.send(delivery(attempt: 2))
            #expect(endpoint.requests.count == 2)
            #expect(endpoint.connections == 1)
            let first = endpoint.requests[0]
            #expect(first.method == "POST")
            #expect(first.target == "/in?x=1")
            #expect(first.body == message().document)
            #expect(first.headers["host"] == "127.0.0.1:\(port)")
            #expect(first.headers["content-type"] == "application/json")
            #expect(first.headers["webhook-id"] == "00000000-0000-4000-8000-000000000001")
            #expect(first.headers["webhook-timestamp"] == "1769947200")
            let secret = try #require(WebhookSecret("0123456789abcdef"))
            let signature = secret.signature(
                id: "00000000-0000-4000-8000-000000000001", secondsSinceEpoch: 1_769_947_200,
                body: Array(first.body.utf8))
            #expect(first.headers["webhook-signature"] == signature)
            #expect(first.headers["penstock-event"] == "CodePipeline Stage Execution State Change")
            #expect(endpoint.requests.map { $0.headers["penstock-attempt"] } == ["1", "2"])
            #expect(endpoint.requests[1].headers["webhook-id"] == first.headers["webhook-id"])
        }
    }

    @Test(arguments: [400, 401, 404, 410, 500, 503])
    func `Every answer but success is a failure`(_ status: Int) async throws {
        try await LoopbackEndpoint.run(answering: { _ in PlannedAnswer(status: status) }) { _, port in
            let failure = await self.failure(of: try sender(self.hook(port)))
            #expect(failure?.reason == "http://127.0.0.1:\(port) answered \(status)")
            #expect(failure?.retryAfter == nil)
        }
    }

    @Test(arguments: [("30", 30), ("999999999", 86_400), ("-1", nil), ("tomorrow", nil)])
    func `An endpoint may say how long it wants to be left alone`(_ text: String, _ seconds: Int?) async throws {
        try await LoopbackEndpoint.run(
            answering: { _ in PlannedAnswer(status: 429, headers: [("Retry-After", text)]) },
            { _, port in
                let failure = await self.failure(of: try sender(self.hook(port)))
                #expect(failure?.retryAfter == seconds.map { .seconds($0) })
            })
    }

    @Test func `A redirect is not followed, wherever it leads`() async throws {
        try await LoopbackEndpoint.run { inside, insidePort in
            let elsewhere = PlannedAnswer(status: 307, headers: [("Location", "http://127.0.0.1:\(insidePort)/x")])
            try await LoopbackEndpoint.run(answering: { _ in elsewhere }) { _, port in
                let failure = await self.failure(of: try sender(self.hook(port)))
                #expect(
                    failure?.reason
                        == "http://127.0.0.1:\(port) answered 307, which asks to go elsewhere;"
                        + " redirects are not followed")
            }
            #expect(inside.requests.isEmpty)
        }
    }

    @Test func `An endpoint that does not answer is given up after its time`() async throws {
        try await LoopbackEndpoint.run(answering: { _ in PlannedAnswer(isSilent: true) }) { _, port in
            let failure = await self.failure(of: try sender(self.hook(port, seconds: 1)))
            #expect(failure != nil)
        }
    }

    @Test func `Of an endless answer only the beginning is read`() async throws {
        let answer = PlannedAnswer(body: String(repeating: "x", count: 1_000_000))
        try await LoopbackEndpoint.run(answering: { _ in answer }) { endpoint, port in
            try await sender(self.hook(port)).send(delivery())
            #expect(endpoint.requests.count == 1)
        }
    }

    @Test func `Nobody who listens is a failure`() async throws {
        var free = 0
        try await LoopbackEndpoint.run { _, port in free = port }
        let failure = await self.failure(of: try sender(self.hook(free)))
        #expect(failure?.reason.hasPrefix("http://127.0.0.1:\(free) did not answer: ") == true)
    }

    // MARK: Addresses

    private func publicHook(_ host: String, _ port: Int) -> String {
        #"{"name":"hook","kind":"http","url":"http://\#(host):\#(port)/","secret":"0123456789abcdef","#
            + #""allowInsecureHTTP":true,"timeoutSeconds":300}"#
    }

    @Test(arguments: [
        "127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "[::1]", "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]", "localhost", "0.0.0.0", "[::]",
    ])
    func `Loopback is refused in every spelling, and nothing is connected to`(_ host: String) async throws {
        try await LoopbackEndpoint.run { endpoint, port in
            let failure = await self.failure(of: try sender(self.publicHook(host, port)))
            #expect(failure?.reason.contains("which is refused") == true, "\(failure?.reason ?? "")")
            #expect(endpoint.connections == 0)
        }
    }

    @Test func `A name that leads inside is refused`() async throws {
        try await LoopbackEndpoint.run { endpoint, port in
            let names = ScriptedNames { _ in ["127.0.0.1"] }
            let failure = await self.failure(of: try sender(self.publicHook("hooks.example", port), resolver: names))
            #expect(failure?.reason.hasPrefix("hooks.example is at 127.0.0.1 (loopback), which is refused") == true)
            #expect(endpoint.connections == 0)
        }
    }

    /// The name cannot be looked up but by the one resolver, so that a second look-up would show.
    @Test func `The connection goes to the address that was judged, by its name`() async throws {
        try await LoopbackEndpoint.run { endpoint, port in
            let asked = Mutex(0)
            let names = ScriptedNames { host in
                asked.withLock { $0 += 1 }
                return host == "hooks.invalid" ? ["127.0.0.1"] : []
            }
            let sender = try sender(self.hook(port, host: "hooks.invalid"), resolver: names)
            try await sender.send(delivery())
            #expect(endpoint.requests.map { $0.headers["host"] } == ["hooks.invalid:\(port)"])
            #expect(asked.withLock { $0 } == 1)
        }
    }

    @Test func `A name that answers differently later is judged again`() async throws {
        try await LoopbackEndpoint.run { endpoint, port in
            let asked = Mutex(0)
            let names = ScriptedNames { _ in
                asked.withLock { count in
                    count += 1
                    return [count == 1 ? "192.0.2.1" : "127.0.0.1"]
                }
            }
            let sender = try sender(self.publicHook("hooks.example", port), resolver: names)
            for purpose in ["for documentation", "loopback"] {
                #expect(await self.failure(of: sender)?.reason.contains("(\(purpose)), which is refused") == true)
            }
            #expect(endpoint.connections == 0)
        }
    }

    @Test func `Another address of a name gets connections of its own`() async throws {
        try await LoopbackEndpoint.run { endpoint, port in
            let asked = Mutex(0)
            let names = ScriptedNames { _ in
                asked.withLock { count in
                    count += 1
                    return [count == 1 ? "127.0.0.1" : "127.0.0.2"]
                }
            }
            let sender = try sender(self.hook(port, host: "hooks.invalid"), resolver: names)
            try await sender.send(delivery())
            // Nobody listens at the second address; a connection that was kept to the first would answer.
            #expect(await self.failure(of: sender) != nil)
            #expect(endpoint.requests.count == 1)
        }
    }
}
