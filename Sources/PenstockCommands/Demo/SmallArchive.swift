// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockSigning

/// A ZIP archive of one small file, stored as it is.
///
/// Source: PKWARE's APPNOTE.TXT, sections 4.3.7, 4.3.12 and 4.3.16.
struct SmallArchive {
    let name: String
    let content: [UInt8]

    var bytes: [UInt8] {
        let entry = self.entry
        let name = Array(self.name.utf8)
        let file = Self.little(0x0403_4B50 as UInt32) + entry + name + self.content
        // Version that made it, then what follows the entry: comment, disk, attributes, offset of the file.
        let directory =
            Self.little(0x0201_4B50 as UInt32) + Self.little(20 as UInt16) + entry
            + [UInt8](repeating: 0, count: 14) + name
        let end =
            Self.little(0x0605_4B50 as UInt32) + [0, 0, 0, 0] + Self.little(1 as UInt16) + Self.little(1 as UInt16)
            + Self.little(UInt32(directory.count)) + Self.little(UInt32(file.count)) + [0, 0]
        return file + directory + end
    }

    /// What the file and the directory say alike: version, flags, method, time and date, check, sizes, name, no extra.
    private var entry: [UInt8] {
        let check = Array(Checksum.value(of: self.content, by: .crc32).reversed())
        let size = Self.little(UInt32(self.content.count))
        return Self.little(20 as UInt16) + [0, 0, 0, 0, 0, 0] + Self.little(0x21 as UInt16) + check + size + size
            + Self.little(UInt16(self.name.utf8.count)) + [0, 0]
    }

    private static func little(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
}
