// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// A query string taken apart, its escapes kept as they were sent.
struct RequestQuery {
    /// One `name=value`; a name without `=` has an empty value.
    struct Item {
        var name: Substring.UTF8View
        var value: Substring.UTF8View

        var decodedName: String { String(decoding: URIEncoding.decode(self.name), as: UTF8.self) }
        var decodedValue: String { String(decoding: URIEncoding.decode(self.value), as: UTF8.self) }
    }

    /// In the order sent. `&&` yields nothing.
    let items: [Item]

    init(_ query: String?) {
        guard let query, !query.isEmpty else {
            self.items = []
            return
        }
        self.items = query.utf8.split(separator: UInt8(ascii: "&")).map { pair in
            guard let mark = pair.firstIndex(of: UInt8(ascii: "=")) else {
                return Item(name: pair, value: pair[pair.endIndex...])
            }
            return Item(name: pair[..<mark], value: pair[pair.index(after: mark)...])
        }
    }

    /// The decoded value of each item with a name, compared by exact case.
    func values(of name: String) -> [String] {
        self.items.filter { $0.decodedName == name }.map(\.decodedValue)
    }

    /// Whether an item has the name.
    func contains(_ name: String) -> Bool {
        self.items.contains { $0.decodedName == name }
    }

    /// The canonical spellings of the query without a signature, the standard one first.
    ///
    /// As with paths, signers exist that sort what they send without encoding it afresh.
    func canonicalForms() -> [[UInt8]] {
        guard !self.items.isEmpty else { return [[]] }
        let signed = self.items.filter { $0.decodedName != "X-Amz-Signature" }
        let standard = Self.joined(
            signed.map { item in
                let name = URIEncoding.encode(URIEncoding.decode(item.name), keepingSlashes: false)
                return (name, URIEncoding.encode(URIEncoding.decode(item.value), keepingSlashes: false))
            })
        let sent = Self.joined(signed.map { (Array($0.name), Array($0.value)) })
        return standard == sent ? [standard] : [standard, sent]
    }

    /// Sorted by name and then value, as bytes.
    private static func joined(_ pairs: [(name: [UInt8], value: [UInt8])]) -> [UInt8] {
        let sorted = pairs.sorted { left, right in
            if left.name == right.name { return left.value.lexicographicallyPrecedes(right.value) }
            return left.name.lexicographicallyPrecedes(right.name)
        }
        var output: [UInt8] = []
        for (name, value) in sorted {
            if !output.isEmpty { output.append(UInt8(ascii: "&")) }
            output.append(contentsOf: name)
            output.append(UInt8(ascii: "="))
            output.append(contentsOf: value)
        }
        return output
    }
}
