// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockOutbound
import Testing

/// Which addresses are public, in whatever spelling.
struct IPAddressTests {
    @Test(arguments: [
        ("127.0.0.1", "loopback"), ("127.255.255.254", "loopback"), ("10.0.0.1", "private"),
        ("172.16.0.1", "private"), ("172.31.255.255", "private"), ("192.168.1.1", "private"),
        ("169.254.169.254", "link-local"), ("100.64.0.1", "shared by a provider"),
        ("100.127.255.255", "shared by a provider"), ("0.0.0.0", "this network"), ("0.1.2.3", "this network"),
        ("192.0.0.170", "reserved for protocols"), ("192.0.2.1", "for documentation"),
        ("198.51.100.7", "for documentation"), ("203.0.113.7", "for documentation"), ("192.88.99.1", "a relay"),
        ("198.18.0.1", "for benchmarks"), ("198.19.255.255", "for benchmarks"), ("224.0.0.1", "multicast"),
        ("240.0.0.1", "reserved"), ("255.255.255.255", "reserved"),
        ("::", "unspecified"), ("::1", "loopback"), ("fe80::1", "link-local"), ("febf::1", "link-local"),
        ("fec0::1", "private"), ("fc00::1", "private"), ("fdff::1", "private"), ("ff02::1", "multicast"),
        ("2001:db8::1", "for documentation"), ("3fff:fff::1", "for documentation"),
        ("2001::1", "reserved for protocols"), ("100::1", "reserved"), ("64:ff9b:1::1", "reserved"),
        ("4000::1", "reserved"),
    ])
    func `What is not public is told what it is`(_ text: String, _ purpose: String) throws {
        #expect(try #require(SystemResolver.numericAddress(text)).specialPurpose == purpose)
    }

    @Test(arguments: [
        "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
        "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0",
        "198.17.255.255", "198.20.0.0", "223.255.255.255", "2606:4700::1111", "2001:4860:4860::8888",
        "2a00:1450::1", "3ffe::1",
    ])
    func `What is public is public`(_ text: String) throws {
        #expect(try #require(SystemResolver.numericAddress(text)).specialPurpose == nil)
    }

    @Test(arguments: [
        ("::ffff:127.0.0.1", "loopback"), ("::ffff:7f00:1", "loopback"), ("::ffff:10.1.2.3", "private"),
        ("64:ff9b::169.254.169.254", "link-local"), ("64:ff9b::a00:1", "private"), ("2002:7f00:1::", "loopback"),
        ("2002:a9fe:a9fe::1", "link-local"), ("2002:c0a8:101::1", "private"),
        ("2a00:1450::5efe:10.0.0.1", "private"), ("2a00:1450::200:5efe:127.0.0.1", "loopback"),
        ("::127.0.0.1", "reserved"),
    ])
    func `An address that stands for one of version 4 is what that one is`(_ text: String, _ purpose: String) throws {
        #expect(try #require(SystemResolver.numericAddress(text)).specialPurpose == purpose)
    }

    @Test(arguments: ["::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::1"])
    func `An address that stands for a public one is public`(_ text: String) throws {
        #expect(try #require(SystemResolver.numericAddress(text)).specialPurpose == nil)
    }

    @Test(arguments: [
        "127.0.0.1", "2130706433", "0x7f000001", "017700000001", "0x7f.1", "127.1", "127.0.1", "0177.0.0.1",
        "0x7F.0x0.0x0.0x1", "0177.0.0x0.1",
    ])
    func `However an address is spelled, it is the same address`(_ spelling: String) throws {
        let address = try #require(SystemResolver.numericAddress(spelling))
        #expect(address.description == "127.0.0.1")
        #expect(address.specialPurpose == "loopback")
    }

    @Test func `An address is written as every program reads it`() throws {
        let address = try #require(SystemResolver.numericAddress("2001:db8::1:0"))
        #expect(address.description == "2001:db8:0:0:0:0:1:0")
        #expect(SystemResolver.numericAddress(address.description) == address)
        #expect(SystemResolver.numericAddress("example.org") == nil)
    }
}
