// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import PenstockClient
internal import PenstockWire

extension PipelinesCommand {
    /// A file with a declaration.
    struct Source: ParsableArguments {
        @Argument(
            help: "A JSON file with a declaration, or with one under 'pipeline', as show prints it; - is the input.")
        var file: String

        @OptionGroup var service: ServiceOptions

        func input() throws -> CreatePipelineInput {
            try DeclarationFile.input(of: Operations.CreatePipeline.self, from: self.file)
        }
    }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Creates a pipeline, with the tags that stand beside its declaration.",
            discussion: """
                Its first execution starts at once; where a source is looked at for changes and has none to show yet, \
                with the first one it has.
                """
        )

        @OptionGroup var source: Source

        func run() async throws {
            let input = try self.source.input()
            let answer = try await self.source.service.withClient { try await $0.createPipeline(input) }
            self.source.service.show(answer) { "\(input.pipeline.name) is at version \(answer.pipeline?.version ?? 1)" }
        }
    }

    struct Update: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Replaces a pipeline's declaration; a secret given as **** keeps its value.")

        @OptionGroup var source: Source

        func run() async throws {
            let input = try self.source.input()
            let answer = try await self.source.service.withClient {
                try await $0.updatePipeline(pipeline: input.pipeline)
            }
            self.source.service.show(answer) { "\(input.pipeline.name) is at version \(answer.pipeline?.version ?? 0)" }
            if input.tags != nil { Terminal.warn("The tags of the file are left aside: an update changes none.") }
        }
    }
}
