// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

extension ActionTypeURLs {
    /// Whether a link shows configuration values, so that they are needed to make it.
    package var showConfiguration: Bool {
        [self.entity, self.execution, self.revision].contains { $0?.contains("{Config:") ?? false }
    }
}

/// The links of one action, made from the templates of its type.
///
/// Values are percent-encoded as path segments, so that whatever a user or worker wrote cannot change where a link
/// leads. Secrets never become part of one.
///
/// Source: AWS CodePipeline API Reference, ActionTypeSettings.
package struct ActionLinks: Sendable {
    private let urls: ActionTypeURLs
    private let values: [KeyedValue]

    /// - Parameter configuration: Of the attempt that is shown, or as declared while there is none.
    package init(_ type: ActionTypeDefinition, configuration: [KeyedValue]) {
        self.urls = type.urls
        let shown = Set(type.properties.filter { !$0.isSecret }.map(\.name))
        self.values = configuration.filter { shown.contains($0.key) && !$0.value.contains("#{") }
    }

    package var entity: String? { self.fill(self.urls.entity, externalExecutionID: nil) }

    package var revision: String? { self.fill(self.urls.revision, externalExecutionID: nil) }

    /// `nil` while the worker has not said what it runs as, if the link needs to know.
    package func execution(externalExecutionID: String?) -> String? {
        self.fill(self.urls.execution, externalExecutionID: externalExecutionID)
    }

    /// A link that the service itself has for what the action works on.
    package func filled(_ template: String) -> String? { self.fill(template, externalExecutionID: nil) }

    /// The template with its placeholders replaced; `nil` when one has no value.
    private func fill(_ template: String?, externalExecutionID: String?) -> String? {
        guard var rest = template?[...] else { return nil }
        var link = ""
        while let start = rest.firstIndex(of: "{"), let end = rest[start...].firstIndex(of: "}") {
            let placeholder = rest[rest.index(after: start)..<end]
            guard let value = self.value(of: placeholder, externalExecutionID) else { return nil }
            link += rest[..<start]
            link += Self.encoded(value)
            rest = rest[rest.index(after: end)...]
        }
        return link + rest
    }

    private func value(of placeholder: Substring, _ externalExecutionID: String?) -> String? {
        if placeholder == "ExternalExecutionId" { return externalExecutionID }
        guard placeholder.hasPrefix("Config:") else { return nil }
        return self.values[key: String(placeholder.dropFirst("Config:".count))]
    }

    /// Source: RFC 3986, section 2.3: everything but unreserved characters is encoded.
    private static func encoded(_ value: String) -> String {
        let digits = Array("0123456789ABCDEF")
        var text = ""
        for byte in value.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
                text.unicodeScalars.append(Unicode.Scalar(byte))
            case _: text += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 0xF)])"
            }
        }
        return text
    }
}
