// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockOutbound
import Testing

struct EndpointURLTests {
    @Test(arguments: [
        ("https://example.org", "https://example.org/"), ("HTTPS://Example.ORG:443/a?b=c", "https://example.org/a?b=c"),
        ("http://example.org:80/x", "http://example.org/x"), ("http://example.org:8080", "http://example.org:8080/"),
        ("https://example.org?q", "https://example.org/?q"), ("http://[::1]:90/", "http://[0:0:0:0:0:0:0:1]:90/"),
        ("http://2130706433/", "http://127.0.0.1/"), ("http://0x7f.1:9/", "http://127.0.0.1:9/"),
        ("http://a_b-c.example/", "http://a_b-c.example/"),
    ])
    func `A URL has one form`(_ text: String, _ canonical: String) throws {
        #expect(try EndpointURL(text).description == canonical)
    }

    @Test(arguments: [
        ("ftp://example.org", "must begin with https:// or http://"),
        ("example.org", "must begin with https:// or http://"),
        ("https://user:pass@example.org/", "must not have a user or a password"),
        ("https://example.org/#x", "must not have a fragment"),
        ("https://example.org:0/", "has a port that is not a number from 1 to 65535"),
        ("https://example.org:port/", "has a port that is not a number from 1 to 65535"),
        ("https://:443/", "has no host, or one with characters that names do not have"),
        ("https://ex%61mple.org/", "has no host, or one with characters that names do not have"),
        ("https://example.org\\@inside/", "has a character that URLs do not have"),
        ("https://example.org/ x", "has a character that URLs do not have"),
        ("https://[::1/", "has a [ without its ]"), ("https://[::1]x/", "has something behind its ]"),
        ("https://[fe80::1%25eth0]/", "has no address of version 6 in its brackets"),
        ("https://[127.0.0.1]/", "has no address of version 6 in its brackets"),
    ])
    func `What two readers could take differently is refused`(_ text: String, _ reason: String) throws {
        let problem = #expect(throws: EndpointURL.Problem.self) { try EndpointURL(text) }
        #expect(problem?.reason == reason)
    }

    @Test func `Of a URL only its origin is shown`() throws {
        let url = try EndpointURL("https://hooks.example.org:8443/services/secret?token=x")
        #expect(url.origin == "https://hooks.example.org:8443")
        #expect(url.authority == "hooks.example.org:8443")
        #expect(url.target == "/services/secret?token=x")
    }
}
