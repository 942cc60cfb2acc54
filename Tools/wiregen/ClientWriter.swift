// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// Writes the client's side of each operation: its error type, its two methods and, for lists, its pages.
struct ClientWriter {
    static let folder = "Sources/PenstockClient/Generated"

    let service: ServiceDescription

    func files() throws -> [String: String] {
        var files: [String: String] = [:]
        for operation in self.service.operations {
            files["\(Self.folder)/\(operation.name).swift"] = try self.file(for: operation)
        }
        return files
    }

    private func file(for operation: ServiceDescription.Operation) throws -> String {
        guard case .structure(let members, _) = try self.service.shape(operation.input).kind else {
            throw ServiceDescription.InvalidDescription(reason: "the input of \(operation.name) is no structure")
        }
        let pages = try self.pages(operation, members)
        return SwiftWriter.header + "public import PenstockWire\n\n" + self.errorType(operation) + "\n"
            + (try self.methods(operation, members)) + (pages.map { "\n" + $0 } ?? "")
    }

    // MARK: Errors

    private func errorType(_ operation: ServiceDescription.Operation) -> String {
        let cases = operation.errors.map { (name: SwiftWriter.exceptionName($0), shape: $0) }
        return """
            /// How a call of `\(operation.name)` ends when it does not succeed.
            public enum \(operation.name)Error: OperationError {
            \(cases.map { "    /// `\($0.shape)`\n    case \($0.name)(ServiceError)" }.joined(separator: "\n"))
                /// Any other refusal, such as missing permissions, a bad signature or too many requests.
                case other(ServiceError)
                /// No answer was understood: there may have been none, or the call was given up.
                case failed(CallFailure)

                public init(_ error: ServiceError) {
                    switch error.code {
            \(cases.map { "        case .\($0.name): self = .\($0.name)(error)" }.joined(separator: "\n"))
                    default: self = .other(error)
                    }
                }

                public init(_ failure: CallFailure) {
                    self = .failed(failure)
                }

                public var serviceError: ServiceError? {
                    switch self {
            \(Self.caseList(cases.map(\.name) + ["other"]))
                        error
                    case .failed: nil
                    }
                }

                public var callFailure: CallFailure? {
                    if case .failed(let failure) = self { failure } else { nil }
                }

                public var isModelled: Bool {
                    switch self {
                    case .other, .failed: false
                    default: true
                    }
                }
            }

            """
    }

    private static func caseList(_ names: [String]) -> String {
        let patterns = names.map { ".\($0)(let error)" }
        return "        case " + patterns.joined(separator: ",\n            ") + ":"
    }

    // MARK: Methods

    private func methods(
        _ operation: ServiceDescription.Operation, _ members: [ServiceDescription.Member]
    ) throws -> String {
        let name = Naming.member(operation.name)
        let input = Naming.type(operation.input)
        let result = operation.output.map { " -> \(Naming.type($0))" } ?? ""
        let token = members.first { $0.isIdempotencyToken }.map { Naming.member($0.name) }
        var body = ""
        if let token {
            body += "        var input = input\n"
            body += "        input.\(token) = input.\(token) ?? self.makeIdempotencyToken()\n"
        }
        let call =
            "try await self.perform(\n            Operations.\(operation.name).self, input, options: options, "
            + "throwing: \(operation.name)Error.self)"
        body +=
            operation.output == nil
            ? "        _ = \(call)\n" : token == nil ? "        \(call)\n" : "        return \(call)\n"
        let note =
            token.map {
                "\n    ///\n    /// A random `\($0)` is sent when there is none,"
                    + " so that repeating the call starts nothing twice."
            } ?? ""
        return """
            extension CodePipelineClient {
                /// Calls `\(operation.name)` in the form of a request.\(note)
                ///
                /// Source: AWS CodePipeline API Reference, \(operation.name).
                public func \(name)(
                    _ input: \(input), options: CallOptions = CallOptions()
                ) async throws(\(operation.name)Error)\(result) {
            \(body)    }

                /// Calls `\(operation.name)` with its members, named as on the wire.
                public func \(name)(
            \(try self.parameters(members))        options: CallOptions = CallOptions()
                ) async throws(\(operation.name)Error)\(result) {
                    try await self.\(name)(
                        \(input)(
            \(Self.arguments(members))),
                        options: options)
                }
            }

            """
    }

    private func parameters(_ members: [ServiceDescription.Member]) throws -> String {
        try self.inOrder(members).map { member in
            let label = Self.label(member), name = Naming.member(member.name)
            let type = try StructureWriter.swiftType(of: member.shape, in: self.service)
            let spelled = label == name ? name : "\(label) \(name)"
            return "        \(spelled): \(type)\(member.isRequired ? "" : "? = nil"),\n"
        }.joined()
    }

    private static func arguments(_ members: [ServiceDescription.Member]) -> String {
        members.map { "                \(Naming.member($0.name)): \(Naming.member($0.name))" }.joined(separator: ",\n")
    }

    /// Required members first, each group in the description's order.
    private func inOrder(_ members: [ServiceDescription.Member]) -> [ServiceDescription.Member] {
        members.filter(\.isRequired) + members.filter { !$0.isRequired }
    }

    /// The wire's spelling, with a small first letter.
    private static func label(_ member: ServiceDescription.Member) -> String {
        member.name.prefix(1).lowercased() + member.name.dropFirst()
    }

    // MARK: Pages

    private func pages(
        _ operation: ServiceDescription.Operation, _ members: [ServiceDescription.Member]
    ) throws -> String? {
        guard let token = members.first(where: { $0.name.lowercased() == "nexttoken" }), let output = operation.output,
            case .structure(let results, _) = try self.service.shape(output).kind
        else {
            return nil
        }
        let list = try results.first { if case .list = try self.service.shape($0.shape).kind { true } else { false } }
        guard let list, case .list(let element) = try self.service.shape(list.shape).kind else {
            throw ServiceDescription.InvalidDescription(reason: "\(operation.name) has pages of nothing")
        }
        let item = try StructureWriter.swiftType(of: element, in: self.service)
        let next = Naming.member(token.name), items = Naming.member(list.name)
        let input = Naming.type(operation.input)
        let emptyDefault = members.contains(where: \.isRequired) ? "" : " = \(input)()"
        return """
            extension Operations.\(operation.name): PaginatedOperation {
                public typealias Failure = \(operation.name)Error

                public static func items(of output: Output) -> [\(item)] {
                    output.\(items)\(list.isRequired ? "" : " ?? []")
                }

                public static func nextToken(of output: Output) -> String? {
                    output.\(next)
                }

                public static func input(_ input: Input, continuingAt token: String) -> Input {
                    var input = input
                    input.\(next) = token
                    return input
                }
            }

            extension CodePipelineClient {
                /// Calls `\(operation.name)` page after page, each when it is asked for.
                public func \(Naming.member(operation.name))Pages(
                    _ input: \(input)\(emptyDefault), options: CallOptions = CallOptions()
                ) -> Pages<Operations.\(operation.name)> {
                    Pages(client: self, input: input, options: options)
                }
            }

            """
    }
}
