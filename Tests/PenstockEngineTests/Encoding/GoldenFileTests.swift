// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import PenstockEngine
import PenstockModel
import Testing

/// Files with the bytes of every format ever written, `DOCUMENT.FORMAT.hex`. Those of a released format never change and
/// never go.
///
/// Who changes what is written raises ``StateFormat/current``, teaches the readers both formats, makes values that show
/// what is new, and adds the files with what the failures below print.
struct GoldenFileTests {
    struct GoldenFile: Sendable, CustomTestStringConvertible {
        let format: Int
        let document: StoredSample

        static let all = (1...StateFormat.current).flatMap { format in
            StoredSample.documents(format: format).map { Self(format: format, document: $0) }
        }

        static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Golden")

        var name: String { "\(self.document.name).\(self.format).hex" }

        var testDescription: String { self.name }

        /// What the file holds; empty when there is none.
        var bytes: [UInt8] {
            let text = try? String(contentsOf: Self.folder.appending(path: self.name), encoding: .utf8)
            let digits = text?.filter { !$0.isNewline }.compactMap(\.hexDigitValue) ?? []
            return stride(from: 1, to: digits.count, by: 2).map { UInt8(digits[$0 - 1] * 16 + digits[$0]) }
        }
    }

    @Test(arguments: GoldenFile.all)
    func `Every format ever written is read as it was meant`(file: GoldenFile) throws {
        #expect(try file.document.isRead(file.bytes))
    }

    @Test(arguments: GoldenFile.all.filter { $0.format == StateFormat.current })
    func `What is written today is what the golden file of the format holds`(file: GoldenFile) {
        let written = file.document.bytes
        let isSame = file.bytes == written
        #expect(isSame, "what is written now is not what \(file.name) holds:\n\(Self.hex(written))")
    }

    @Test func `There is a file for each document and format, and no other`() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: GoldenFile.folder.path())
        #expect(names.sorted() == GoldenFile.all.map(\.name).sorted())
    }

    /// Lines of 32 bytes.
    private static func hex(_ bytes: [UInt8]) -> String {
        stride(from: 0, to: bytes.count, by: 32).map { start in
            bytes[start..<min(start + 32, bytes.count)].map { byte in
                let digits = String(byte, radix: 16)
                return digits.count == 1 ? "0" + digits : digits
            }
            .joined()
        }
        .joined(separator: "\n")
    }
}
