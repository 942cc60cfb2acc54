// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockEvents
import PenstockModel
import PenstockOutbound
import PenstockRuntime
import Testing

/// The operator's file.
struct EventConfigurationTests {
    private static let secret = "0123456789abcdef"

    private func read(_ json: String) throws -> EventConfiguration {
        try EventConfiguration(file: Array(json.utf8)) { name throws(ConfigurationProblem) in
            guard name == "secret.txt" else { throw ConfigurationProblem(at: "", "is not there") }
            return Self.secret
        }
    }

    private func problem(_ target: String) -> String? {
        let found = #expect(throws: ConfigurationProblem.self) { try self.read(#"{"targets":[\#(target)]}"#) }
        return found?.description
    }

    @Test func `Every kind of target is read, with all that can be said of it`() throws {
        let configuration = try self.read(
            """
            {"targets": [
              {"name": "chat", "kind": "http", "url": "https://hooks.example.org/secret", "secret": "\(Self.secret)",
               "events": ["pipeline", "stage"], "states": ["FAILED", "SKIPPED"], "pipelines": ["shop-*"],
               "accounts": ["123456789012"], "regions": ["eu-central-1"], "topics": ["*"], "form": "notification",
               "maximumAttempts": 3,
               "maximumAgeHours": 2, "maximumQueueLength": 5, "concurrency": 1, "timeoutSeconds": 30},
              {"name": "run", "kind": "executable", "command": ["/usr/bin/notify", "-x"]},
              {"name": "bus", "kind": "eventbridge", "endpoint": "https://events.example.org", "region": "eu-west-1",
               "accessKeyId": "AKIA", "secretAccessKeyFile": "secret.txt", "eventBusName": "ci", "source": "penstock"},
              {"name": "topic", "kind": "sns", "endpoint": "http://10.0.0.1:4566", "region": "eu-west-1",
               "accessKeyId": "AKIA", "secretAccessKey": "x", "topicArn": "arn:aws:sns:x", "events": [],
               "allowPrivateAddresses": true}
            ]}
            """)
        let targets = configuration.targets
        #expect(targets.map(\.name) == ["chat", "run", "bus", "topic"])
        #expect(targets[0].filter.subjects == [.pipeline, .stage])
        #expect(targets[0].filter.states == [.failed, .skipped])
        #expect(targets[0].filter.pipelines == ["shop-*"])
        #expect(targets[0].filter.accounts.map(\.rawValue) == ["123456789012"])
        #expect(targets[0].filter.regions.map(\.rawValue) == ["eu-central-1"])
        #expect(targets[0].topics == ["*"])
        #expect(targets.map(\.form) == [.notification, .event, .event, .event])
        var limits = EventLimits()
        limits.maximumAttempts = 3
        limits.maximumAge = .hours(2)
        limits.maximumQueueLength = 5
        limits.concurrency = 1
        limits.timeout = .seconds(30)
        #expect(targets[0].limits == limits)
        #expect(targets[1].limits == EventLimits())
        #expect(targets[1].filter == EventFilter())
        #expect(targets[3].topics == ["arn:aws:sns:x"])
        #expect(targets[3].filter.subjects == [])
        #expect(
            targets.map(\.summary) == [
                "http https://hooks.example.org", "executable /usr/bin/notify",
                "eventbridge https://events.example.org ci", "sns http://10.0.0.1:4566 arn:aws:sns:x",
            ])
        #expect(configuration.senders(realTime: { Timestamp(millisecondsSinceEpoch: 0) }).count == 4)
    }

    @Test(arguments: [
        ("7", "targets[0] must be an object."), ("{}", "targets[0].name is missing."),
        (
            #"{"name":"a b","kind":"http"}"#,
            "targets[0].name must have at most 64 letters, digits, hyphens, dots and underscores."
        ),
        (#"{"name":"a"}"#, "targets[0].kind is missing."),
        (#"{"name":"a","kind":"mail"}"#, "targets[0].kind must be http, executable, eventbridge or sns."),
        (#"{"name":"a","kind":"http"}"#, "targets[0].url is missing."),
        (#"{"name":"a","kind":"http","url":7}"#, "targets[0].url must be a text that is not empty."),
        (#"{"name":"a","kind":"http","url":"mailto:x"}"#, "targets[0].url must begin with https:// or http://."),
        (
            #"{"name":"a","kind":"http","url":"http://example.org"}"#,
            "targets[0].url must begin with https://, since whoever is on the way could read it;"
                + " allowInsecureHTTP allows it."
        ),
        (
            #"{"name":"a","kind":"http","url":"https://example.org"}"#,
            "targets[0].secret is missing, and so is secretFile."
        ),
        (
            #"{"name":"a","kind":"http","url":"https://example.org","secret":"short"}"#,
            "targets[0].secret must have at least 16 bytes, and be base64 behind whsec_."
        ),
        (
            #"{"name":"a","kind":"http","url":"https://example.org","secret":"whsec_%%"}"#,
            "targets[0].secret must have at least 16 bytes, and be base64 behind whsec_."
        ),
        (
            #"{"name":"a","kind":"http","url":"https://example.org","secret":"x","secretFile":"y"}"#,
            "targets[0].secret cannot stand beside secretFile."
        ),
        (
            #"{"name":"a","kind":"http","url":"https://example.org","secretFile":"y"}"#,
            "targets[0].secretFile is not there."
        ),
        (
            #"{"name":"a","kind":"executable","command":["notify"]}"#,
            "targets[0].command[0] must be an absolute path."
        ),
        (#"{"name":"a","kind":"executable","command":[]}"#, "targets[0].command is missing."),
        (#"{"name":"a","kind":"executable","command":["/a",7]}"#, "targets[0].command[1] must be a text."),
        (#"{"name":"a","kind":"executable","command":["/a"],"url":"x"}"#, "targets[0].url is not known here."),
        (
            #"{"name":"a","kind":"executable","command":["/a"],"events":["job"]}"#,
            "targets[0].events[0] must be one of pipeline, stage, action."
        ),
        (
            #"{"name":"a","kind":"executable","command":["/a"],"states":["FAILED","DONE"]}"#,
            "targets[0].states[1] must be one of STARTED, RESUMED, STOPPING, STOPPED, SUCCEEDED, FAILED, CANCELED,"
                + " SUPERSEDED, ABANDONED, SKIPPED."
        ),
        (
            #"{"name":"a","kind":"executable","command":["/a"],"form":"mail"}"#,
            "targets[0].form must be event or notification."
        ),
        (
            #"{"name":"a","kind":"eventbridge","endpoint":"https://e.org","region":"r","accessKeyId":"k","#
                + #""secretAccessKey":"s","form":"notification"}"#,
            "targets[0].form must be event, which is what a bus takes."
        ),
        (
            #"{"name":"a","kind":"executable","command":["/a"],"accounts":["1"]}"#,
            "targets[0].accounts[0] must be twelve digits."
        ),
        (
            #"{"name":"a","kind":"executable","command":["/a"],"concurrency":0}"#,
            "targets[0].concurrency must be a whole number from 1 to 64."
        ),
        (
            #"{"name":"a","kind":"executable","command":["/a"],"timeoutSeconds":"10"}"#,
            "targets[0].timeoutSeconds must be a whole number from 1 to 300."
        ),
        (
            #"{"name":"a","kind":"sns","endpoint":"https://e.org","region":"r","accessKeyId":"k","#
                + #""secretAccessKey":"s"}"#,
            "targets[0].topicArn is missing."
        ),
        (
            #"{"name":"a","kind":"executable","command":["/a"]},"#
                + #"{"name":"a","kind":"executable","command":["/a"]}"#,
            "targets[1].name is the name of another target."
        ),
    ])
    func `What is wrong is told with its place`(_ target: String, _ told: String) {
        #expect(self.problem(target) == told)
    }

    @Test func `A file that is not one is told as such`() {
        for (file, told) in [
            ("{", "It is not JSON."), ("[]", "It must be an object."), (#"{"target":[]}"#, "target is not known here."),
            (#"{"targets":{}}"#, "targets must be a list."),
        ] {
            let problem = #expect(throws: ConfigurationProblem.self) { try self.read(file) }
            #expect(problem?.description == told)
        }
        let large = String(repeating: " ", count: EventConfiguration.maximumFileBytes + 1)
        #expect(throws: ConfigurationProblem.self) { try self.read(large) }
    }

    @Test func `Fifty targets are enough`() throws {
        func file(_ count: Int) -> String {
            let targets = (0..<count).map { #"{"name":"t\#($0)","kind":"executable","command":["/a"]}"# }
            return #"{"targets":[\#(targets.joined(separator: ","))]}"#
        }
        #expect(try self.read(file(50)).targets.count == 50)
        let problem = #expect(throws: ConfigurationProblem.self) { try self.read(file(51)) }
        #expect(problem?.description == "targets has more than 50 members.")
    }

    @Test func `Secrets do not show`() throws {
        let configuration = try self.read(
            """
            {"targets": [
              {"name": "a", "kind": "http", "url": "https://example.org/path", "secret": "\(Self.secret)"},
              {"name": "b", "kind": "sns", "endpoint": "https://example.org", "region": "r", "accessKeyId": "k",
               "secretAccessKey": "\(Self.secret)", "topicArn": "t"}
            ]}
            """)
        var dumped = ""
        dump(configuration.entries.map(\.destination), to: &dumped)
        dumped += "\(configuration)"
        #expect(!dumped.contains(Self.secret))
    }
}
