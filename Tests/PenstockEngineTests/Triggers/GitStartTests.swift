// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import Testing

struct GitStartTests {
    // MARK: Detection without a trigger

    @Test(arguments: [nil, "true", "TRUE", "True"])
    func `Without a trigger, a push to the configured branch starts`(detectsChanges: String?) throws {
        let declaration = PipelineDeclaration.gitPipeline([.connection(detectsChanges: detectsChanges)])
        let start = try #require(GitStart(of: declaration, for: .push("main")))
        #expect(start.trigger.type == .webhook)
        #expect(start.boundRevisions == [Self.bound("Get")])
    }

    @Test(arguments: ["false", "False", "no", ""])
    func `An action that says so detects nothing`(detectsChanges: String) {
        let declaration = PipelineDeclaration.gitPipeline([.connection(detectsChanges: detectsChanges)])
        #expect(GitStart(of: declaration, for: .push("main")) == nil)
    }

    @Test(arguments: [GitEvent.push("main2"), .push("Main"), .tag("main"), .pullRequest(.merged, to: "main")])
    func `Without a trigger, nothing but a push to the very branch starts`(event: GitEvent) {
        #expect(GitStart(of: .gitPipeline(), for: event) == nil)
    }

    @Test func `A branch is a name and not a pattern where it is configured`() {
        let declaration = PipelineDeclaration.gitPipeline([.connection(branch: "release/*")])
        #expect(GitStart(of: declaration, for: .push("release/1")) == nil)
    }

    // MARK: Declared triggers

    @Test func `A trigger is recorded as such, with the commit of the event`() throws {
        let trigger = TriggerDeclaration.pushes(PushFilter(tags: FilterCriteria(includes: ["v*"])))
        let start = try #require(GitStart(of: .gitPipeline(triggers: [trigger]), for: .tag()))
        #expect(start.trigger == Trigger(type: .webhookV2, detail: GitEvent.tag().triggerDetail))
        #expect(start.boundRevisions == [Self.bound("Get")])
    }

    @Test func `A trigger replaces the detection of its action`() {
        let trigger = TriggerDeclaration.pushes(PushFilter(branches: FilterCriteria(includes: ["develop"])))
        #expect(!starts(.push("main"), trigger))
        #expect(starts(.push("develop"), trigger))
        #expect(!starts(.push("main"), .pullRequests(PullRequestFilter())))
    }

    @Test(arguments: [nil, "true", "false"])
    func `A trigger counts whatever the action says of its own detection`(detectsChanges: String?) {
        let trigger = TriggerDeclaration.pushes(PushFilter(branches: FilterCriteria(includes: ["develop"])))
        let source = ActionDeclaration.connection(detectsChanges: detectsChanges)
        let declaration = PipelineDeclaration.gitPipeline([source], triggers: [trigger])
        #expect(GitStart(of: declaration, for: .push("develop"))?.trigger.type == .webhookV2)
    }

    @Test(arguments: [
        (GitEvent.push("main"), true), (.push("develop"), false), (.tag("main"), false),
        (.pullRequest(to: "main"), false),
    ])
    func `A trigger without filters starts on each push to the configured branch`(event: GitEvent, isStart: Bool) {
        let start = GitStart(of: .gitPipeline(triggers: [.pushes()]), for: event)
        #expect((start != nil) == isStart)
        #expect(start == nil || start?.trigger.type == .webhookV2)
    }

    @Test(arguments: [GitEvent.Change.branchDeleted(name: "main"), .tagDeleted(name: "v1.0")])
    func `What is deleted starts nothing`(change: GitEvent.Change) {
        let anything = TriggerDeclaration(
            sourceActionName: "Get",
            push: [PushFilter(), PushFilter(tags: FilterCriteria())],
            pullRequest: [PullRequestFilter()]
        )
        #expect(!starts(.of(change), anything))
        #expect(!starts(.of(change), .pushes()))
        #expect(GitStart(of: .gitPipeline(), for: .of(change)) == nil)
    }

    // MARK: Pull requests

    static let allProviders: [GitProvider] = [
        .bitbucket, .gitHub, .gitHubEnterpriseServer, .gitLab, .gitLabSelfManaged,
    ]

    static let steps: [(step: PullRequest.Step, event: PullRequestEvent)] = [
        (.opened, .opened), (.reopened, .opened), (.updated, .updated), (.merged, .closed),
    ]

    @Test(arguments: Self.allProviders, Self.steps)
    func `The steps of a pull request are the events of filters`(
        provider: GitProvider,
        pair: (step: PullRequest.Step, event: PullRequestEvent)
    ) {
        for event in PullRequestEvent.allCases {
            let trigger = TriggerDeclaration.pullRequests(PullRequestFilter(events: [event]))
            #expect(starts(.pullRequest(pair.step, provider: provider), trigger) == (event == pair.event))
        }
    }

    @Test(arguments: Self.allProviders)
    func `A pull request that was given up is closed, but not on Bitbucket`(provider: GitProvider) {
        let event = GitEvent.pullRequest(.declined, provider: provider)
        let isStart = provider != .bitbucket
        #expect(starts(event, .pullRequests(PullRequestFilter(events: [.closed]))) == isStart)
        #expect(starts(event, .pullRequests(PullRequestFilter())) == isStart)
        #expect(!starts(event, .pullRequests(PullRequestFilter(events: [.opened, .updated]))))
    }

    @Test func `A merge may start twice: it closes the pull request, and pushes to its target`() {
        let main = FilterCriteria(includes: ["main"])
        let trigger = TriggerDeclaration(
            sourceActionName: "Get",
            push: [PushFilter(branches: main)],
            pullRequest: [PullRequestFilter(events: [.closed], branches: main)]
        )
        #expect(starts(.pullRequest(.merged, to: "main"), trigger))
        #expect(starts(.push("main"), trigger))
    }

    // MARK: Which actions

    @Test(arguments: [
        GitEvent.push(repository: "acme/store"), .push(repository: "Acme/shop"), .push(repository: "acme"),
        .push(connection: shopConnection + "0"), .push(connection: ""),
    ])
    func `Another repository or another connection starts nothing`(event: GitEvent) {
        #expect(GitStart(of: .gitPipeline(), for: event) == nil)
        #expect(!starts(event, .pushes()))
    }

    @Test func `A connection is the same by either name of its service`() {
        let older = "arn:aws:codestar-connections:us-east-1:000000000000:connection/7c1f"
        #expect(GitStart(of: .gitPipeline([.connection(arn: older)]), for: .push()) != nil)
        #expect(GitStart(of: .gitPipeline(), for: .push(connection: older)) != nil)
        #expect(GitStart(of: .gitPipeline([.connection(arn: older)]), for: .push(connection: older)) != nil)
    }

    @Test func `One event starts once, with its commit for each action that it concerns and for no other`() throws {
        let declaration = PipelineDeclaration.gitPipeline(
            [
                .connection("App"), .connection("Release", branch: "release"), .connection("Tools"),
                .connection("Elsewhere", repository: "acme/other"),
                ActionDeclaration(name: "Object", typeID: .s3Source),
            ],
            triggers: [
                .pushes(PushFilter(branches: FilterCriteria(includes: ["main"])), of: "App"),
                .pushes(PushFilter(branches: FilterCriteria(includes: ["release"])), of: "Release"),
            ]
        )
        let start = try #require(GitStart(of: declaration, for: .push("main")))
        #expect(start.trigger.type == .webhookV2)
        #expect(start.boundRevisions == [Self.bound("App"), Self.bound("Tools")])
        let release = try #require(GitStart(of: declaration, for: .push("release")))
        #expect(release.boundRevisions == [Self.bound("Release")])
    }

    @Test func `Two branches of one repository each start by themselves`() {
        let declaration = PipelineDeclaration.gitPipeline([.connection("One"), .connection("Two", branch: "two")])
        #expect(GitStart(of: declaration, for: .push("main"))?.boundRevisions == [Self.bound("One")])
        #expect(GitStart(of: declaration, for: .push("two"))?.boundRevisions == [Self.bound("Two")])
    }

    @Test func `Only the first stage has sources`() {
        var declaration = PipelineDeclaration.gitPipeline()
        declaration.stages.reverse()
        #expect(GitStart(of: declaration, for: .push("main")) == nil)
        declaration.stages = []
        #expect(GitStart(of: declaration, for: .push("main")) == nil)
    }

    @Test func `The pipeline is asked with the trigger, the revisions and what events tell, and nothing else`() throws {
        let event = GitEvent.push("main")
        let start = try #require(GitStart(of: .gitPipeline(), for: event))
        let id = PipelineExecutionID(UniqueID(high: 1, low: 2))
        let expected = StartRequest(
            id: id,
            trigger: start.trigger,
            boundRevisions: [Self.bound("Get")],
            announcedMembers: event.announcedMembers
        )
        #expect(start.request(id) == expected)
    }

    private static func bound(_ action: String) -> ActionRevision {
        ActionRevision(actionName: action, revision: SourceRevision(revisionID: GitEvent.hash))
    }
}
