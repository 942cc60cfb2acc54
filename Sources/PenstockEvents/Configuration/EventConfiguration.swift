// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel
package import PenstockOutbound
package import PenstockRuntime
package import PenstockSigning

/// Who is told of events, as the operator's file has it.
package struct EventConfiguration: Sendable {
    /// The most targets.
    package static let maximumTargets = 50
    /// The most bytes of the file.
    package static let maximumFileBytes = 1024 * 1024

    /// One target, and where it is.
    package struct Entry: Sendable {
        package var target: EventTarget
        package var destination: EventDestination
    }

    package var entries: [Entry]

    package init(entries: [Entry] = []) { self.entries = entries }

    /// - Parameters:
    ///   - file: The content of the file.
    ///   - readSecret: Reads the file with that name, which the configuration has a secret in.
    package init(
        file: [UInt8],
        readSecret: SecretReader
    ) throws(ConfigurationProblem) {
        guard file.count <= Self.maximumFileBytes else {
            throw ConfigurationProblem(at: "", "has more than \(Self.maximumFileBytes) bytes")
        }
        var root = try ConfigurationObject(file: file)
        let values = try root.list("targets") ?? []
        try root.requireNothingElse()
        guard values.count <= Self.maximumTargets else {
            throw ConfigurationProblem(at: "targets", "has more than \(Self.maximumTargets) members")
        }
        self.entries = []
        for (index, value) in values.enumerated() {
            let object = try ConfigurationObject(value, at: "targets[\(index)]")
            let entry = try Entry(object, readSecret: readSecret)
            guard !self.entries.contains(where: { $0.target.name == entry.target.name }) else {
                throw object.problem("name", "is the name of another target")
            }
            self.entries.append(entry)
        }
    }

    package var targets: [EventTarget] { self.entries.map(\.target) }

    /// What carries events to each target.
    package func senders(
        resolver: any AddressResolver = SystemResolver(),
        realTime: @escaping @Sendable () -> Timestamp
    ) -> [String: any EventSender] {
        var senders: [String: any EventSender] = [:]
        for entry in self.entries {
            senders[entry.target.name] = entry.sender(resolver: resolver, realTime: realTime)
        }
        return senders
    }
}

/// Where a target is, and how it is talked to.
package enum EventDestination: Sendable {
    case webhook(Endpoint, WebhookSecret)
    /// An absolute path and arguments.
    case executable([String])
    case eventBus(Service, busName: String?, source: String)
    case topic(Service, topicARN: String)

    package struct Endpoint: Sendable {
        package var url: EndpointURL
        package var allowsPrivateAddresses: Bool
    }

    /// An endpoint whose calls are signed.
    package struct Service: Sendable {
        package var endpoint: Endpoint
        package var region: String
        package var credentials: SigningCredentials
    }
}

extension EventConfiguration.Entry {
    fileprivate func sender(
        resolver: any AddressResolver,
        realTime: @escaping @Sendable () -> Timestamp
    ) -> any EventSender {
        switch self.destination {
        case .webhook(let endpoint, let secret):
            return WebhookSender(client: self.client(endpoint, resolver), secret: secret, realTime: realTime)
        case .executable(let command):
            return ExecutableSender(
                command: command, target: self.target.name, timeout: self.target.limits.timeout)
        case .eventBus(let service, let busName, let source):
            let call = self.call(service, "events", resolver, realTime)
            return EventBusSender(call: call, busName: busName, source: source)
        case .topic(let service, let topicARN):
            return TopicSender(call: self.call(service, "sns", resolver, realTime), topicARN: topicARN)
        }
    }

    private func client(_ endpoint: EventDestination.Endpoint, _ resolver: any AddressResolver) -> PinnedClient {
        PinnedClient(
            endpoint: endpoint.url,
            policy: AddressPolicy(resolver: resolver, allowsPrivate: endpoint.allowsPrivateAddresses),
            timeout: self.target.limits.timeout,
            maximumConnections: self.target.limits.concurrency
        )
    }

    private func call(
        _ service: EventDestination.Service,
        _ name: String,
        _ resolver: any AddressResolver,
        _ realTime: @escaping @Sendable () -> Timestamp
    ) -> ServiceCall {
        ServiceCall(
            client: self.client(service.endpoint, resolver),
            credentials: service.credentials,
            region: service.region,
            service: name,
            realTime: realTime
        )
    }
}
