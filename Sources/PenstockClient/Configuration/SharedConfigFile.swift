// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// The sections of an AWS configuration or credentials file.
///
/// Source: AWS SDKs and Tools Reference Guide, Shared config and credentials files.
package struct SharedConfigFile: Sendable, Hashable {
    /// Keys by section; a nested key is `outer.inner`, in lower case.
    package private(set) var sections: [String: [String: String]] = [:]

    /// Reads a file leniently: lines that are neither section, key nor comment are passed over.
    package init(_ text: String) {
        var section: String?
        var outer: String?
        for line in text.split(whereSeparator: \.isNewline) {
            let trimmed = Self.trim(line)
            guard let first = trimmed.first, first != "#", first != ";" else { continue }
            if first == "[" {
                section = Self.sectionName(trimmed)
                outer = nil
                continue
            }
            guard let section, let mark = trimmed.firstIndex(of: "=") else { continue }
            let key = Self.trim(trimmed[..<mark]).lowercased()
            let value = Self.withoutComment(Self.trim(trimmed[trimmed.index(after: mark)...]))
            if line.first?.isWhitespace == true, let outer {
                self.sections[section, default: [:]]["\(outer).\(key)"] = value
            } else {
                self.sections[section, default: [:]][key] = value
                outer = value.isEmpty ? key : nil
            }
        }
    }

    /// The keys of a profile, spelled `[name]` in one file and `[profile name]` in the other.
    package func profile(_ name: String) -> [String: String]? {
        self.sections["profile \(name)"] ?? self.sections[name]
    }

    /// A name in brackets, its words separated by one space and without quotation marks.
    private static func sectionName(_ line: Substring) -> String? {
        guard let end = line.firstIndex(of: "]") else { return nil }
        return line[line.index(after: line.startIndex)..<end].split(whereSeparator: \.isWhitespace)
            .joined(separator: " ").filter { $0 != "\"" && $0 != "'" }
    }

    private static func trim(_ text: Substring) -> Substring {
        var text = text.drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }

    /// Cuts at a `#` or `;` that follows a space.
    private static func withoutComment(_ value: Substring) -> String {
        var previousIsSpace = false
        for index in value.indices {
            if previousIsSpace, value[index] == "#" || value[index] == ";" { return String(Self.trim(value[..<index])) }
            previousIsSpace = value[index].isWhitespace
        }
        return String(value)
    }
}
