// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import FoundationEssentials
internal import PenstockClient
internal import PenstockWire

extension PipelinesCommand {
    /// A file with a declaration.
    struct Source: ParsableArguments {
        @Argument(
            help: "A JSON file with a declaration, or with one under 'pipeline', as show prints it; - is the input.")
        var file: String

        @OptionGroup var service: ServiceOptions

        func declaration() throws -> PipelineDeclaration {
            let json = try DeclarationFile.read(self.file)
            do {
                return try Operations.CreatePipeline.decodeInput(DeclarationFile.wrapped(json, as: "pipeline")).pipeline
            } catch {
                throw CommandFailure("\(self.file): \(error.message)")
            }
        }
    }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Creates a pipeline, which starts its first execution.")

        @OptionGroup var source: Source

        func run() async throws {
            let declaration = try self.source.declaration()
            let answer = try await self.source.service.withClient {
                try await $0.createPipeline(pipeline: declaration)
            }
            self.source.service.show(answer) { "\(declaration.name) is at version \(answer.pipeline?.version ?? 1)" }
        }
    }

    struct Update: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Replaces a pipeline's declaration; a secret given as **** keeps its value.")

        @OptionGroup var source: Source

        func run() async throws {
            let declaration = try self.source.declaration()
            let answer = try await self.source.service.withClient {
                try await $0.updatePipeline(pipeline: declaration)
            }
            self.source.service.show(answer) { "\(declaration.name) is at version \(answer.pipeline?.version ?? 0)" }
        }
    }
}

/// JSON that a user keeps in a file.
enum DeclarationFile {
    /// The most that is read; a pipeline of 500 actions with full configurations is well below.
    static let maximumBytes = 4 << 20

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

    /// The text as the member of an object, unless it is such an object already.
    static func wrapped(_ json: [UInt8], as member: String) -> [UInt8] {
        var text = json[...]
        while let first = text.first, first == 0x20 || (0x09...0x0D).contains(first) { text = text.dropFirst() }
        var inner = text.dropFirst()
        while let first = inner.first, first == 0x20 || (0x09...0x0D).contains(first) { inner = inner.dropFirst() }
        if inner.starts(with: Array("\"\(member)\"".utf8)) { return Array(text) }
        return Array("{\"\(member)\":".utf8) + text + Array("}".utf8)
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
