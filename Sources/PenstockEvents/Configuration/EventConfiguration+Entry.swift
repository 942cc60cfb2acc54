// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import PenstockOutbound
import PenstockRuntime
import PenstockSigning
import PenstockStore

extension EventConfiguration.Entry {
    /// The most characters of a target's name.
    package static let maximumNameLength = 64

    init(_ object: ConfigurationObject, readSecret: SecretReader) throws(ConfigurationProblem) {
        var object = object
        let name = try object.requiredText("name")
        guard name.utf8.count <= Self.maximumNameLength, name.utf8.allSatisfy(Self.isNameCharacter) else {
            throw object.problem(
                "name", "must have at most \(Self.maximumNameLength) letters, digits, hyphens, dots and underscores")
        }
        let kind = try object.requiredText("kind")
        let (destination, topics) = try Self.destination(kind, &object, readSecret)
        let configured = try object.texts("topics", { $0.isEmpty ? nil : $0 }, or: "must be a topic's ARN, or *") ?? []
        self.target = EventTarget(
            name: name,
            filter: try EventFilter(&object),
            topics: configured + topics,
            form: try Self.form(kind, &object),
            limits: try EventLimits(&object),
            summary: destination.summary
        )
        self.destination = destination
        try object.requireNothingElse()
    }

    private static func form(
        _ kind: String,
        _ object: inout ConfigurationObject
    ) throws(ConfigurationProblem) -> EventForm {
        guard let text = try object.text("form") else { return .event }
        guard let form = EventForm(rawValue: text) else {
            throw object.problem("form", "must be event or notification")
        }
        guard form == .event || kind != "eventbridge" else {
            throw object.problem("form", "must be event, which is what a bus takes")
        }
        return form
    }

    private static func isNameCharacter(_ byte: UInt8) -> Bool {
        0x30...0x39 ~= byte || 0x41...0x5A ~= byte || 0x61...0x7A ~= byte || "-._".utf8.contains(byte)
    }

    /// Where the target is, and the topics that it is for that alone.
    private static func destination(
        _ kind: String,
        _ object: inout ConfigurationObject,
        _ readSecret: SecretReader
    ) throws(ConfigurationProblem) -> (EventDestination, topics: [String]) {
        switch kind {
        case "http":
            let endpoint = try EventDestination.Endpoint("url", &object)
            let text = try object.secret("secret", readSecret)
            guard let secret = WebhookSecret(text) else {
                throw object.problem(
                    "secret",
                    "must have at least \(WebhookSecret.minimumBytes) bytes, and be base64 behind whsec_")
            }
            return (.webhook(endpoint, secret), [])
        case "executable":
            let parts = try object.texts("command", { $0.contains("\0") ? nil : $0 }, or: "must be a text")
            guard let parts, let program = parts.first else { throw object.problem("command", "is missing") }
            guard program.hasPrefix("/") else {
                throw object.problem("command[0]", "must be an absolute path")
            }
            return (.executable(parts), [])
        case "eventbridge":
            let service = try EventDestination.Service(&object, readSecret)
            let busName = try object.text("eventBusName")
            let source = try object.text("source") ?? EventMessage.source
            return (.eventBus(service, busName: busName, source: source), [])
        case "sns":
            let service = try EventDestination.Service(&object, readSecret)
            let topicARN = try object.requiredText("topicArn")
            return (.topic(service, topicARN: topicARN), [topicARN])
        case _: throw object.problem("kind", "must be http, executable, eventbridge or sns")
        }
    }
}

extension EventDestination {
    /// What it is, without what may be secret.
    fileprivate var summary: String {
        switch self {
        case .webhook(let endpoint, _): "http \(endpoint.url.origin)"
        case .executable(let command): "executable \(command[0])"
        case .eventBus(let service, let busName, _):
            "eventbridge \(service.endpoint.url.origin) \(busName ?? "default")"
        case .topic(let service, let topicARN): "sns \(service.endpoint.url.origin) \(topicARN)"
        }
    }
}

extension EventDestination.Endpoint {
    fileprivate init(_ member: String, _ object: inout ConfigurationObject) throws(ConfigurationProblem) {
        let text = try object.requiredText(member)
        do {
            self.url = try EndpointURL(text)
        } catch {
            throw object.problem(member, error.reason)
        }
        self.allowsPrivateAddresses = try object.boolean("allowPrivateAddresses")
        let allowsInsecure = try object.boolean("allowInsecureHTTP")
        guard self.url.isSecure || allowsInsecure || self.allowsPrivateAddresses else {
            throw object.problem(
                member,
                "must begin with https://, since whoever is on the way could read it; allowInsecureHTTP allows it")
        }
    }
}

extension EventDestination.Service {
    fileprivate init(
        _ object: inout ConfigurationObject,
        _ readSecret: SecretReader
    ) throws(ConfigurationProblem) {
        self.endpoint = try EventDestination.Endpoint("endpoint", &object)
        self.region = try object.requiredText("region")
        self.credentials = SigningCredentials(
            accessKeyID: try object.requiredText("accessKeyId"),
            secretAccessKey: SecretAccessKey(try object.secret("secretAccessKey", readSecret)),
            sessionToken: try object.text("sessionToken")
        )
    }
}

extension EventFilter {
    fileprivate init(_ object: inout ConfigurationObject) throws(ConfigurationProblem) {
        self.init()
        let kinds = EventSubject.allCases.map(\.rawValue).joined(separator: ", ")
        if let subjects = try object.texts("events", EventSubject.init(rawValue:), or: "must be one of \(kinds)") {
            self.subjects = Set(subjects)
        }
        let states = StateChange.State.allCases.map(\.rawValue).joined(separator: ", ")
        self.states = try object.texts("states", StateChange.State.init(rawValue:), or: "must be one of \(states)")
            .map { Set($0) }
        self.pipelines =
            try object.texts("pipelines", { $0.isEmpty ? nil : $0 }, or: "must be a name, with * for any text") ?? []
        self.accounts = try object.texts("accounts", { AccountID($0) }, or: "must be twelve digits") ?? []
        self.regions = try object.texts("regions", { Region($0) }, or: "must be a region") ?? []
    }
}

extension EventLimits {
    fileprivate init(_ object: inout ConfigurationObject) throws(ConfigurationProblem) {
        self.init()
        self.maximumAttempts = try object.whole("maximumAttempts", in: 1...100) ?? self.maximumAttempts
        self.maximumQueueLength = try object.whole("maximumQueueLength", in: 1...1_000_000) ?? self.maximumQueueLength
        self.concurrency = try object.whole("concurrency", in: 1...64) ?? self.concurrency
        if let hours = try object.whole("maximumAgeHours", in: 1...336) { self.maximumAge = .hours(hours) }
        if let seconds = try object.whole("timeoutSeconds", in: 1...300) { self.timeout = .seconds(seconds) }
    }
}
