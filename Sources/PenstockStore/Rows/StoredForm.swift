// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockArtifacts
package import PenstockModel

extension StateCodable {
    /// The bytes that databases keep of a value that no query looks into.
    package func storedBytes(format: Int = StateFormat.current) -> [UInt8] {
        var writer = StateWriter(format: format)
        writer.write(UInt64(format))
        writer.write(self)
        return writer.bytes
    }

    /// - Throws: ``StoreError`` with code `.corrupt` when the bytes are damaged or of a newer format.
    package init(storedBytes: [UInt8]) throws {
        self = try decodeStored(storedBytes) { reader throws(StateDecodingError) in try reader.read() }
    }
}

extension Array where Element: StateCodable {
    /// The bytes that databases keep of a list that no query looks into.
    package func storedBytes(format: Int = StateFormat.current) -> [UInt8] {
        var writer = StateWriter(capacity: 64, format: format)
        writer.write(UInt64(format))
        writer.write(self)
        return writer.bytes
    }

    /// - Throws: ``StoreError`` with code `.corrupt` when the bytes are damaged or of a newer format.
    package init(storedBytes: [UInt8]) throws {
        self = try decodeStored(storedBytes) { reader throws(StateDecodingError) in try reader.readArray() }
    }
}

extension [KeyedValue] {
    /// As of every list. This one comes with nearly every row, and is read without asking what its elements are.
    package init(storedBytes: [UInt8]) throws {
        self = try decodeStored(storedBytes) { reader throws(StateDecodingError) in try reader.readArray() }
    }
}

private func decodeStored<Value>(
    _ bytes: [UInt8],
    _ decode: (inout StateReader) throws(StateDecodingError) -> Value
) throws(StoreError) -> Value {
    do {
        var reader = StateReader(bytes)
        let format = try reader.readUInt64()
        try reader.adopt(format: Int(clamping: format), of: "a row")
        let value = try decode(&reader)
        guard reader.isAtEnd else { throw StateDecodingError("bytes follow its end") }
        return value
    } catch {
        throw StoreError(.corrupt, "a stored \(Value.self) cannot be read: \(error)", underlying: error)
    }
}

// MARK: - Values that only databases encode

extension ObjectChange: StateCodable {
    package init(from reader: inout StateReader) throws(StateDecodingError) {
        let (account, region) = (try reader.readString(), try reader.readString())
        guard let account = AccountID(account), let region = Region(region) else {
            throw StateDecodingError("'\(account)/\(region)' is not a scope")
        }
        self.init(
            scope: Scope(account: account, region: region),
            bucket: try reader.readString(),
            key: ObjectKey(try reader.readString()),
            versionID: try reader.readOptional(String.self).map { VersionID($0) },
            etag: try reader.readString(),
            at: try reader.read()
        )
    }

    package func encode(to writer: inout StateWriter) {
        writer.write(self.scope.account.rawValue)
        writer.write(self.scope.region.rawValue)
        writer.write(self.bucket)
        writer.write(self.key.description)
        writer.write(self.versionID?.rawValue)
        writer.write(self.etag)
        writer.write(self.at)
    }
}

extension EffectRow.Kind: StateCodable {
    package init(from reader: inout StateReader) throws(StateDecodingError) {
        switch try reader.readByte() {
        case 0: self = .objectChanged(try reader.read())
        case let other: throw StateDecodingError("\(other) is not an effect")
        }
    }

    package func encode(to writer: inout StateWriter) {
        switch self {
        case .objectChanged(let change):
            writer.write(0 as UInt64)
            writer.write(change)
        }
    }
}
