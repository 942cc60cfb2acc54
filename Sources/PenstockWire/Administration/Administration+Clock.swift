// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

extension IntegerConstraints {
    /// How far one call moves a clock: up to a hundred years of 365 days.
    static let clockSeconds = IntegerConstraints(
        minimum: 0, maximum: 3_153_600_000, representable: Int64.min...Int64.max)
}

extension Administration {
    /// What time it is for the service.
    package enum GetClock: WireOperation {
        package typealias Input = GetClockInput
        package typealias Output = ClockReading

        package static let name = "GetClock"
        package static let exceptions: [ExceptionCode] = []
    }

    /// Moves a clock that stands still ahead, and answers when all has happened that is due by then.
    ///
    /// Repeating the call moves the clock again.
    package enum AdvanceClock: WireOperation {
        package typealias Input = AdvanceClockInput
        package typealias Output = ClockReading

        package static let name = "AdvanceClock"
        package static let exceptions: [ExceptionCode] = [.validation, .conflict]
    }

    /// As ``AdvanceClock``, to an instant; repeating the call is harmless.
    package enum SetClock: WireOperation {
        package typealias Input = SetClockInput
        package typealias Output = ClockReading

        package static let name = "SetClock"
        package static let exceptions: [ExceptionCode] = [.validation, .conflict]
    }
}

/// Asks ``Administration/GetClock``, which takes nothing.
package struct GetClockInput: WireStructure {
    /// Creates a value.
    package init() {}

    private static let members = WireMembers([])

    package init?(from reader: inout WireReader) throws(WireError) {
        self.init()
        var object = try reader.beginObject(Self.members)
        while try reader.nextMember(in: &object) != nil {}
    }

    package func encode(to writer: inout WireWriter) {
        writer.beginObject()
        writer.endObject()
    }
}

/// How far ``Administration/AdvanceClock`` moves the clock.
package struct AdvanceClockInput: WireStructure {
    /// Required; from 0, which only waits for what goes on, to 3153600000.
    package var seconds: Int

    /// Creates a value; nothing is checked before a service reads it.
    package init(seconds: Int) { self.seconds = seconds }

    private static let members = WireMembers(["seconds"], required: [0])

    package init?(from reader: inout WireReader) throws(WireError) {
        var seconds: Int?
        var object = try reader.beginObject(Self.members)
        while try reader.nextMember(in: &object) != nil { seconds = try reader.integer(.clockSeconds) }
        guard let seconds else { return nil }
        self.init(seconds: seconds)
    }

    package func encode(to writer: inout WireWriter) {
        writer.beginObject()
        writer.member("seconds", self.seconds)
        writer.endObject()
    }
}

/// Where ``Administration/SetClock`` moves the clock.
package struct SetClockInput: WireStructure {
    /// Required; not before the clock's time.
    package var now: WireTimestamp

    /// Creates a value; nothing is checked before a service reads it.
    package init(now: WireTimestamp) { self.now = now }

    private static let members = WireMembers(["now"], required: [0])

    package init?(from reader: inout WireReader) throws(WireError) {
        var now: WireTimestamp?
        var object = try reader.beginObject(Self.members)
        while try reader.nextMember(in: &object) != nil { now = try reader.timestamp() }
        guard let now else { return nil }
        self.init(now: now)
    }

    package func encode(to writer: inout WireWriter) {
        writer.beginObject()
        writer.member("now", self.now)
        writer.endObject()
    }
}

/// What a clock shows.
package struct ClockReading: WireStructure {
    package var now: WireTimestamp
    /// Whether it stands still until it is moved.
    package var manual: Bool

    /// Creates a value.
    package init(now: WireTimestamp, manual: Bool) {
        self.now = now
        self.manual = manual
    }

    private static let members = WireMembers(["now", "manual"], required: [0, 1])

    package init?(from reader: inout WireReader) throws(WireError) {
        var now: WireTimestamp?
        var manual: Bool?
        var object = try reader.beginObject(Self.members)
        while let member = try reader.nextMember(in: &object) {
            switch member {
            case 0: now = try reader.timestamp()
            default: manual = try reader.boolean()
            }
        }
        guard let now, let manual else { return nil }
        self.init(now: now, manual: manual)
    }

    package func encode(to writer: inout WireWriter) {
        writer.beginObject()
        writer.member("now", self.now)
        writer.member("manual", self.manual)
        writer.endObject()
    }
}
