// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

public import PenstockWire

/// A list operation whose answers come in pages.
public protocol PaginatedOperation: WireOperation {
    /// What a page lists.
    associatedtype Item: Sendable
    /// The operation's own error.
    associatedtype Failure: OperationError

    /// What is on a page; it may be nothing although more follow.
    static func items(of output: Output) -> [Item]

    /// Where the next page begins; nothing on the last one.
    static func nextToken(of output: Output) -> String?

    /// The request for the page that begins there.
    static func input(_ input: Input, continuingAt token: String) -> Input

    /// Calls the operation once.
    static func call(
        _ client: CodePipelineClient, _ input: Input, options: CallOptions
    ) async throws(Failure) -> Output
}

extension PaginatedOperation {
    /// Calls the operation once.
    public static func call(
        _ client: CodePipelineClient, _ input: Input, options: CallOptions
    ) async throws(Failure) -> Output {
        try await client.perform(Self.self, input, options: options, throwing: Failure.self)
    }
}

/// The answers of a list operation, page after page.
public struct Pages<Operation: PaginatedOperation>: AsyncSequence, Sendable {
    public typealias Element = Operation.Output
    public typealias Failure = Operation.Failure

    let client: CodePipelineClient
    let input: Operation.Input
    let options: CallOptions

    /// What the pages list, one after the other.
    public var items: Items<Operation> { Items(pages: self) }

    /// Begins with the first page.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(client: self.client, input: self.input, options: self.options)
    }

    /// Asks for a page when it is wanted.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let client: CodePipelineClient
        var input: Operation.Input?
        let options: CallOptions
        var lastToken: String?

        init(client: CodePipelineClient, input: Operation.Input, options: CallOptions) {
            self.client = client
            self.input = input
            self.options = options
        }

        /// The next page; nothing after the last one or a failure.
        ///
        /// A service that answers with the same token twice would list forever, so that is a failure.
        public mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(Operation.Failure) -> Operation.Output? {
            guard let input = self.input else { return nil }
            self.input = nil
            let output = try await Operation.call(self.client, input, options: self.options)
            if let token = Operation.nextToken(of: output) {
                guard token != self.lastToken else {
                    throw Operation.Failure(CallFailure(.invalidAnswer, "the service repeats a page"))
                }
                self.lastToken = token
                self.input = Operation.input(input, continuingAt: token)
            }
            return output
        }
    }
}

/// What the pages of a list operation hold, one item after the other.
public struct Items<Operation: PaginatedOperation>: AsyncSequence, Sendable {
    public typealias Element = Operation.Item
    public typealias Failure = Operation.Failure

    let pages: Pages<Operation>

    /// Begins with the first item.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(pages: self.pages.makeAsyncIterator())
    }

    /// Asks for a page when the one before is used up.
    public struct AsyncIterator: AsyncIteratorProtocol {
        var pages: Pages<Operation>.AsyncIterator
        var rest: ArraySlice<Operation.Item> = []

        init(pages: Pages<Operation>.AsyncIterator) {
            self.pages = pages
        }

        /// The next item.
        public mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(Operation.Failure) -> Operation.Item? {
            while self.rest.isEmpty {
                guard let page = try await self.pages.next(isolation: actor) else { return nil }
                self.rest = Operation.items(of: page)[...]
            }
            return self.rest.removeFirst()
        }
    }
}
