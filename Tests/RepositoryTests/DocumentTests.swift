// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

struct DocumentTests {
    /// Pages outside of the documentation catalogs, which have links of their own.
    private static let pages = Repository.files(".md").filter { !$0.contains(".docc/") }

    @Test func `A link inside of the repository leads somewhere`() throws {
        for page in Self.pages {
            for link in try Self.links(of: page) {
                let file = Repository.root.appending(path: link.path)
                #expect(FileManager.default.fileExists(atPath: file.path), "\(page) links to \(link.path)")
                guard let anchor = link.anchor, link.path.hasSuffix(".md") else { continue }
                #expect(try Self.anchors(of: link.path).contains(anchor), "\(page) links to \(link.path)#\(anchor)")
            }
        }
    }

    @Test func `Every page is found from the README by following links`() throws {
        var reached: Set<String> = ["README.md"]
        var open = ["README.md"]
        while let page = open.popLast() {
            for link in try Self.links(of: page) {
                let targets = Self.pages.filter { $0 == link.path || $0 == link.path + "/README.md" }
                for target in targets where reached.insert(target).inserted { open.append(target) }
            }
        }
        #expect(Self.pages.filter { !reached.contains($0) } == [])
    }

    /// What is shown as code is what is compiled and tested: `<!-- from: FILE -->` stands in front of such a block. Its
    /// lines stand in the file in the same order, though others may stand between them and all may be further in.
    @Test func `A block of code that names its file stands in that file`() throws {
        var count = 0
        for page in Repository.files(".md") {
            let text = try Repository.text(page)
            for match in text.matches(of: /<!-- from: (\S+) -->\n```\w+\n([^`]+(?:`[^`]+`[^`]+)*)```/) {
                count += 1
                let file = try Repository.text(String(match.output.1))
                var rest = Self.code(file)[...]
                for line in Self.code(match.output.2) {
                    let place = rest.firstIndex(of: line)
                    #expect(place != nil, "\(page), from \(match.output.1): \(line)")
                    rest = rest[(place.map { $0 + 1 } ?? rest.startIndex)...]
                }
            }
            #expect(
                text.ranges(of: "<!-- from: ").count == text.matches(of: /<!-- from: \S+ -->\n```/).count, "\(page)")
        }
        #expect(count > 0)
    }

    /// In the catalogs there is no Swift that nobody compiles.
    @Test func `Every block of Swift in a documentation catalog names its file`() throws {
        let pages = Repository.files(".md").filter { $0.contains(".docc/") }
        #expect(pages.count > 10)
        for page in pages {
            let text = try Repository.text(page)
            #expect(
                text.ranges(of: "```swift").count == text.matches(of: /<!-- from: \S+ -->\n```swift/).count, "\(page)")
        }
    }

    /// The lines without indentation; the formatter is free to put two spaces where one would do.
    private static func code(_ text: some StringProtocol) -> [String] {
        text.split(separator: "\n").map { line in line.split(separator: " ").joined(separator: " ") }
    }

    @Test func `Decisions are numbered without gaps, and told alike`() throws {
        let folder = "docs/decisions/"
        let pages = Self.pages.filter { $0.hasPrefix(folder) && !$0.hasSuffix("README.md") }
        let numbers = pages.map { Int($0.dropFirst(folder.count).prefix(4)) }
        #expect(numbers == (1...max(1, pages.count)).map(Optional.some))
        let index = try Repository.text(folder + "README.md")
        for (page, number) in zip(pages, numbers) {
            #expect(index.contains("](\(page.dropFirst(folder.count))) |"), "\(page) is not in the index")
            let lines = try Repository.lines(page).map(\.text)
            #expect(lines.first?.hasPrefix("# \(number ?? 0). ") == true, "\(page)")
            for part in ["Motivation", "Solution", "Alternatives", "Consequences"] {
                #expect(lines.contains { $0 == "## \(part)" }, "\(page) has no part \(part)")
            }
        }
    }

    @Test func `The changelog begins with what is not released yet`() throws {
        let heads = try Repository.lines("CHANGELOG.md").map(\.text).filter { $0.hasPrefix("## ") }
        #expect(heads.first == "## Unreleased")
    }

    @Test func `Every target of the Makefile is told by make help`() throws {
        let lines = try Repository.lines("Makefile").map(\.text)
        let phony = try #require(lines.first { $0.hasPrefix(".PHONY:") }).split(separator: " ").dropFirst()
        for target in phony {
            let place = try #require(lines.firstIndex { $0.hasPrefix("\(target):") }, "\(target)")
            #expect(lines[place - 1].hasPrefix("## "), "\(target)")
        }
    }

    // MARK: Links

    private struct Link {
        /// From the root.
        var path: String
        var anchor: String?
    }

    /// The links of a page into the repository, outside of code.
    private static func links(of page: String) throws -> [Link] {
        try self.prose(of: page).matches(of: /\]\(([^)\s]+)\)/).compactMap { match in
            let target = String(match.output.1)
            guard !target.contains("://"), !target.hasPrefix("mailto:") else { return nil }
            let parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let base = parts[0].isEmpty ? page : self.resolved(parts[0], beside: page)
            return Link(path: base, anchor: parts.count > 1 ? parts[1] : nil)
        }
    }

    private static func resolved(_ target: String, beside page: String) -> String {
        var folders = page.split(separator: "/").dropLast().map(String.init)
        for part in target.split(separator: "/").map(String.init) {
            switch part {
            case ".": break
            case "..": if !folders.isEmpty { folders.removeLast() }
            case let name: folders.append(name)
            }
        }
        return folders.joined(separator: "/")
    }

    /// The names under which headings are linked to, as GitHub makes them.
    private static func anchors(of page: String) throws -> Set<String> {
        let heads = try self.prose(of: page).split(separator: "\n").filter { $0.hasPrefix("#") }
        return Set(
            heads.map { head in
                let text = head.drop { $0 == "#" }.dropFirst().lowercased()
                return text.filter { $0.isLetter || $0.isNumber || $0 == " " || $0 == "-" || $0 == "_" }
                    .replacing(" ", with: "-")
            })
    }

    /// The page without its blocks of code.
    private static func prose(of page: String) throws -> String {
        let parts = try Repository.text(page).split(separator: "```", omittingEmptySubsequences: false)
        return parts.enumerated().filter { $0.offset % 2 == 0 }.map(\.element).joined()
    }
}
