// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockAccess
import PenstockModel
import Testing

@Suite struct SealingTests {
    @Test func `What was sealed opens under the same key and context`() throws {
        let sealer = Sealer(masterKey: try makeMasterKey())
        let sealed = try sealer.seal(Array("secret".utf8), context: "webhook/a")
        #expect(try sealer.open(sealed, context: "webhook/a") == Array("secret".utf8))
        #expect(sealed.count == 6 + Sealer.overheadByteCount)
    }

    @Test func `Sealing the same bytes twice gives different results`() throws {
        let sealer = Sealer(masterKey: try makeMasterKey())
        #expect(try sealer.seal([1], context: "") != sealer.seal([1], context: ""))
    }

    @Test func `No byte of what was sealed can be changed`() throws {
        let sealer = Sealer(masterKey: try makeMasterKey())
        let sealed = try sealer.seal(Array("secret".utf8), context: "c")
        for index in sealed.indices {
            var altered = sealed
            altered[index] ^= 1
            #expect(throws: SealError.damagedOrForeign) { try sealer.open(altered, context: "c") }
        }
        for length in 0..<sealed.count {
            #expect(throws: SealError.damagedOrForeign) { try sealer.open(sealed.prefix(length), context: "c") }
        }
    }

    @Test func `A sealed value does not open in another place or under another key`() throws {
        let sealer = Sealer(masterKey: try makeMasterKey())
        let sealed = try sealer.seal([1, 2, 3], context: "access-key/A")
        #expect(throws: SealError.damagedOrForeign) { try sealer.open(sealed, context: "access-key/B") }
        let other = Sealer(masterKey: try makeMasterKey(filledWith: 8))
        #expect(throws: SealError.damagedOrForeign) { try other.open(sealed, context: "access-key/A") }
    }

    @Test func `The check value tells keys apart and is the same each time`() throws {
        #expect(try makeMasterKey().checkValue == makeMasterKey().checkValue)
        #expect(try makeMasterKey().checkValue != makeMasterKey(filledWith: 8).checkValue)
    }

    @Test func `A master key has exactly 32 bytes and never shows them`() throws {
        #expect(MasterKey(bytes: Array(repeating: 1, count: 31)) == nil)
        #expect(MasterKey(bytes: Array(repeating: 1, count: 33)) == nil)
        let key = try makeMasterKey()
        #expect("\(key)" == "<master key>")
        #expect(String(reflecting: key) == "<master key>")
        var dumped = ""
        dump(key, to: &dumped)
        #expect(!dumped.contains("SymmetricKey"))
    }

    @Test func `A keyed hash matches its token in its context only`() throws {
        let hasher = KeyedHash(masterKey: try makeMasterKey())
        let hash = hasher.hash("token", context: "client/1")
        #expect(hash.count == KeyedHash.byteCount)
        #expect(hasher.matches("token", hash: hash, context: "client/1"))
        #expect(!hasher.matches("tokeN", hash: hash, context: "client/1"))
        #expect(!hasher.matches("token", hash: hash, context: "client/2"))
        #expect(!hasher.matches("1token", hash: hash, context: "client/"))
        #expect(!hasher.matches("token", hash: Array(hash.dropLast()), context: "client/1"))
    }

    @Test func `Base64 round-trips every length and refuses what it never writes`() throws {
        var generator = SeededGenerator()
        for length in 0...100 {
            let bytes = (0..<length).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
        }
        #expect(Base64URL.encode([0xFB, 0xFF]) == "-_8")
        for text in ["A", "-_9", "+/8", "-_8=", "é"] { #expect(Base64URL.decode(text) == nil) }
    }
}

@Suite struct PageTokenTests {
    @Test func `A token gives its cursor back for the listing it was made for`() throws {
        let tokens = PageTokenSealer(masterKey: try makeMasterKey())
        let token = try tokens.seal(Array("after-this".utf8), binding: "ListPipelines", now: start)
        #expect(tokens.open(token, binding: "ListPipelines", now: start) == Array("after-this".utf8))
        #expect(tokens.open(token, binding: "ListWebhooks", now: start) == nil)
    }

    @Test func `A token is good for a day and not longer`() throws {
        let tokens = PageTokenSealer(masterKey: try makeMasterKey())
        let token = try tokens.seal([], binding: "b", now: start)
        #expect(tokens.open(token, binding: "b", now: start + .hours(24) - .milliseconds(1)) == [])
        #expect(tokens.open(token, binding: "b", now: start + .hours(24)) == nil)
    }

    @Test func `An altered, foreign or overlong token is not a token`() throws {
        let tokens = PageTokenSealer(masterKey: try makeMasterKey())
        let token = try tokens.seal([1, 2, 3], binding: "b", now: start)
        let other = PageTokenSealer(masterKey: try makeMasterKey(filledWith: 8))
        #expect(other.open(token, binding: "b", now: start) == nil)
        #expect(tokens.open(token + "A", binding: "b", now: start) == nil)
        #expect(tokens.open("", binding: "b", now: start) == nil)
        #expect(tokens.open(String(repeating: "A", count: 3000), binding: "b", now: start) == nil)
        let altered = (token.first == "A" ? "B" : "A") + token.dropFirst()
        #expect(tokens.open(altered, binding: "b", now: start) == nil)
    }

    @Test func `The longest cursor makes a token that the API admits`() throws {
        let tokens = PageTokenSealer(masterKey: try makeMasterKey())
        let cursor = Array(repeating: UInt8(1), count: PageTokenSealer.maximumCursorByteCount)
        let token = try tokens.seal(cursor, binding: "b", now: start)
        #expect(token.utf8.count <= PageTokenSealer.maximumLength)
        #expect(tokens.open(token, binding: "b", now: start) == cursor)
    }
}
