// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import PenstockClient
internal import PenstockWire

/// JSON that a user keeps in a file.
enum DeclarationFile {
    /// The most that is read; a pipeline of 500 actions with full configurations is well below.
    static let maximumBytes = 4 << 20

    /// What answers have beside the declaration, so that an answer can be sent back as it is.
    private static let answered: Set<String> = ["metadata"]

    static func read(_ path: String) throws -> [UInt8] {
        let bytes: [UInt8]
        do {
            bytes = Array(try path == "-" ? Self.standardInput() : Data(contentsOf: URL(filePath: path)))
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw CommandFailure("\(path) cannot be read")
        }
        guard bytes.count <= Self.maximumBytes else {
            throw CommandFailure("\(path) has more than \(Self.maximumBytes) bytes")
        }
        return bytes
    }

    /// What an operation is asked with, out of a file with that or with the declaration alone.
    static func input<Operation: WireOperation>(
        of operation: Operation.Type, from path: String
    ) throws -> Operation.Input where Operation.Input: DeclaringInput {
        let text = try Self.read(path)
        var prefix: [UInt8] = []
        do throws(WireError) {
            let envelope = try WireReader.read(Envelope<Operation.Input>.self, from: text, checkingConstraints: false)
            if !envelope.hasDeclaration { prefix = Array("{\"\(Operation.Input.declarationMember)\":".utf8) }
            return try WireReader.read(
                Operation.Input.self, from: prefix.isEmpty ? text : prefix + text + Array("}".utf8),
                checkingConstraints: true, unknownMembers: .refused(exceptAtTop: Self.answered))
        } catch {
            let position = error.position.map { min(max(0, $0 - prefix.count), text.count) }
            throw CommandFailure(Self.explanation(of: error, at: position, in: text, path))
        }
    }

    /// With line and column, both counted from 1, where the error has a place.
    private static func explanation(
        of error: WireError, at position: Int?, in text: [UInt8], _ path: String
    ) -> String {
        let file = path == "-" ? "standard input" : path
        guard let position else { return "\(file): \(error.message)" }
        let lines = text[..<position].split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let column = String(decoding: lines.last ?? [], as: UTF8.self).count + 1
        return "\(file), line \(max(1, lines.count)), column \(column): \(error.finding ?? error.message)"
    }

    private static func standardInput() throws -> Data {
        var data = Data()
        while let line = readLine(strippingNewline: false) {
            data.append(contentsOf: line.utf8)
            guard data.count <= Self.maximumBytes else { break }
        }
        return data
    }
}

/// What an operation is asked with, when all that is required of it is one declaration.
protocol DeclaringInput: WireDecodable {
    /// The member that the declaration is.
    static var declarationMember: StaticString { get }
}

extension CreatePipelineInput: DeclaringInput {
    static let declarationMember: StaticString = "pipeline"
}

extension UpdateActionTypeInput: DeclaringInput {
    static let declarationMember: StaticString = "actionType"
}

/// The top level of a document, of which no more is looked at than whether the declaration is a member.
private struct Envelope<Input: DeclaringInput>: WireDecodable {
    var hasDeclaration = false

    init?(from reader: inout WireReader) throws(WireError) {
        var object = try reader.beginObject(WireMembers([Input.declarationMember]))
        while try reader.nextMember(in: &object) != nil {
            self.hasDeclaration = true
            _ = try reader.structure(NoOutput.self)
        }
    }
}
