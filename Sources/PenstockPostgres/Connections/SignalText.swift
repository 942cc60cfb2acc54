// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockStore

/// Signals as notifications carry them: a line that names the process, then one for each signal.
enum SignalText {
    /// Longer payloads are refused. Source: PostgreSQL documentation, NOTIFY.
    static let maximumPayloadBytes = 7999

    /// As many payloads as the signals need; a signal that fits into none is left out, as every signal may be lost.
    static func payloads(of signals: [StoreSignal], from origin: String) -> [String] {
        var payloads: [String] = []
        var current = origin
        for line in signals.map(Self.line)
        where origin.utf8.count + 1 + line.utf8.count <= Self.maximumPayloadBytes {
            if current.utf8.count + 1 + line.utf8.count > Self.maximumPayloadBytes {
                payloads.append(current)
                current = origin
            }
            current += "\n" + line
        }
        if current != origin { payloads.append(current) }
        return payloads
    }

    /// Lines that this version does not know are passed over: a newer server may share the database for a while.
    static func read(_ payload: String) -> (origin: String, signals: [StoreSignal]) {
        let lines = payload.split(separator: "\n", omittingEmptySubsequences: false)
        return (lines.first.map(String.init) ?? "", lines.dropFirst().compactMap(Self.signal))
    }

    private static func line(_ signal: StoreSignal) -> String {
        switch signal {
        case .jobQueued(let queue): "j\(queue)"
        case .timerSet(let due): "t\(due.millisecondsSinceEpoch)"
        case .sourceWatched: "w"
        case .effectOwed: "e"
        case .eventQueued: "v"
        case .accessChanged(let account): "a\(account)"
        }
    }

    private static func signal(_ line: Substring) -> StoreSignal? {
        let rest = line.dropFirst()
        switch line.first {
        case "j": return JobQueue(String(rest)).map { .jobQueued($0) }
        case "t": return Int64(rest).map { .timerSet(Timestamp(millisecondsSinceEpoch: $0)) }
        case "w": return rest.isEmpty ? .sourceWatched : nil
        case "e": return rest.isEmpty ? .effectOwed : nil
        case "v": return rest.isEmpty ? .eventQueued : nil
        case "a": return AccountID(rest).map { .accessChanged($0) }
        default: return nil
        }
    }
}
