// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import Logging
internal import PenstockClient
internal import PenstockServer
internal import PenstockWire

/// A customer with a pipeline, a partner whose action is part of it, and the service between them.
///
/// The steps are told in the order of the files: `Demo+Preparation`, `Demo+Failure`, `Demo+Release`.
struct Demo {
    var narrator: Narrator
    /// Where the files are that the commands name.
    let directory: String
    let endpoint: Endpoint
    let customer: CodePipelineClient
    let bucket: DemoBucket

    /// Runs a service for as long as the story takes, and removes all traces of it, however the story ends.
    static func tell(_ narrator: Narrator) async throws {
        try await ScratchDirectory.use(prefix: "penstock-demo") { directory in
            var configuration = ServerConfiguration(dataDirectory: directory + "/data")
            configuration.port = 0
            let start = ContinuousClock.now
            let logger = Logger(label: "penstock") { _ in SwiftLogNoOpLogHandler() }
            try await PenstockServer.whileRunning(configuration, logger: logger) { running, _ in
                let took = ContinuousClock.now - start
                var demo = try Demo(narrator, directory, running)
                try await demo.tellEverything(startTook: took)
            }
        }
        Terminal.show("The service has ended, and its directory is gone. Yours starts with: penstock serve")
    }

    private init(_ narrator: Narrator, _ directory: String, _ running: PenstockServer.Running) throws {
        guard let endpoint = Endpoint(running.address.url), let key = running.administrator else {
            throw CommandFailure("the service has no address or no key")
        }
        let credentials = SigningCredentials(
            accessKeyID: key.accessKeyID, secretAccessKey: key.secretAccessKey)
        let transport = AsyncHTTPClientTransport()
        self.narrator = narrator
        self.directory = directory
        self.endpoint = endpoint
        self.customer = Self.client(credentials, endpoint, transport)
        self.bucket = DemoBucket(endpoint: endpoint, credentials: credentials, transport: transport)
        try self.write(Self.profile("customer", key.accessKeyID, key.secretAccessKey.revealed), to: "credentials")
        try self.write(self.environment, to: "environment")
    }

    private mutating func tellEverything(startTook took: Duration) async throws {
        self.introduce()
        await self.tellOfStart(took)
        let partner = try await self.prepare()
        try await withThrowingTaskGroup(of: Void.self) { workers in
            let execution = try await self.upload()
            let worker = LoadTestWorker(partner)
            try await self.fail(execution, worker, &workers)
            try await self.retry(execution, worker)
            try await self.release(execution, &workers)
            workers.cancelAll()
        }
        Terminal.show("All of it took \(self.narrator.total.text), with one failure on the way.")
    }

    private func introduce() {
        let trial =
            self.narrator.pause == nil
            ? "To try them, run penstock demo --pause."
            : "To try them, say in another terminal:\n\n  cd \(self.directory) && . ./environment"
        Terminal.show(self.narrator.bold("Penstock demo: a partner's worker fails a pipeline, then passes it"))
        Terminal.show(
            """

            A customer (account \(DemoDeclarations.customer)) releases a shop through a pipeline. One of its actions, a
            load test, is carried out by a partner (account \(DemoDeclarations.partner)), whose worker polls for jobs
            and reports what came of them. Everything is real: HTTP and signed requests on this machine, and
            a durable store in a directory of its own.

            Each step shows the commands that do the same. \(trial)

            """)
    }

    // MARK: What the commands need

    static func client(
        _ credentials: SigningCredentials, _ endpoint: Endpoint, _ transport: any HTTPTransport
    ) -> CodePipelineClient {
        CodePipelineClient(
            configuration: ClientConfiguration(
                region: DemoDeclarations.region, credentials: StaticCredentials(credentials), endpoint: endpoint),
            transport: transport)
    }

    /// A key as a section of a shared credentials file.
    static func profile(_ name: String, _ id: String, _ secret: String) -> String {
        "[\(name)]\naws_access_key_id = \(id)\naws_secret_access_key = \(secret)\n"
    }

    /// What a shell reads, so that AWS tools and this command find the service and the customer's key.
    private var environment: String {
        let credentials = EnvironmentCommand.quoted(self.directory + "/credentials")
        let executable = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        let folder = executable.lastIndex(of: "/").map { String(executable[..<$0]) } ?? "."
        return """
            unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
            unset \(EnvironmentCommand.overridingVariables.joined(separator: " "))
            export AWS_ENDPOINT_URL=\(EnvironmentCommand.quoted(self.endpoint.url))
            export AWS_SHARED_CREDENTIALS_FILE=\(credentials)
            export AWS_PROFILE=customer
            export AWS_REGION=\(DemoDeclarations.region) AWS_DEFAULT_REGION=\(DemoDeclarations.region)
            export PATH=\(EnvironmentCommand.quoted(folder)):"$PATH"

            """
    }

    /// Writes a file of the directory, for its owner alone.
    func write(_ text: String, to file: String) throws {
        try PrivateFile.write(text, to: "\(self.directory)/\(file)")
    }

    /// Writes a file of the directory; nobody else can look into that.
    func write(_ bytes: [UInt8], to file: String) throws {
        try Data(bytes).write(to: URL(filePath: "\(self.directory)/\(file)"))
    }

    // MARK: Waiting

    /// Looks again and again until there is something, at most for half a minute.
    func wait<Value>(for what: String, _ look: () async throws -> Value?) async throws -> Value {
        let deadline = ContinuousClock.now + .seconds(30)
        while true {
            if let value = try await look() { return value }
            guard ContinuousClock.now < deadline else { throw CommandFailure("\(what) did not come about in time") }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    /// Waits until the action has come to a status; returns the stage's state and the action's.
    func wait(
        for status: ActionExecutionStatus, of action: String, in stage: String
    ) async throws -> (stage: StageState, action: ActionExecution) {
        try await self.wait(for: "\(stage)/\(action): \(status)") {
            let state = try await self.customer.getPipelineState(name: DemoDeclarations.pipeline)
            let stage = state.stageStates?.first { $0.stageName == stage }
            let latest = stage?.actionStates?.first { $0.actionName == action }?.latestExecution
            guard let stage, let latest, latest.status == status else { return nil }
            return (stage, latest)
        }
    }
}

extension Endpoint {
    /// As one types it: without a slash at the end.
    var url: String { "\(self.scheme)://\(self.authority)" }
}
