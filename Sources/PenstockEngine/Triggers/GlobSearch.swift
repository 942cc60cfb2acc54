// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// One place of a pattern; a value goes through them from the first to behind the last.
///
/// Whatever leads elsewhere leads forward, so that one pass over the places follows all of it.
enum GlobStep: Sendable, Hashable {
    /// Takes exactly this one.
    case character(Unicode.Scalar)
    case anyCharacter
    case set(GlobSet)
    /// Takes any number, and may be left at once.
    case anyRun(crossesSlashes: Bool)
    /// Goes on at each of the places.
    case fork([Int])
    case jump(Int)

    /// Whether the character may be taken here.
    func takes(_ scalar: Unicode.Scalar) -> Bool {
        switch self {
        case .character(let expected): scalar == expected
        case .anyCharacter: scalar != "/"
        case .set(let set): set.holds(scalar)
        case .anyRun(let crossesSlashes): crossesSlashes || scalar != "/"
        case .fork, .jump: false
        }
    }

    /// Whether one stays here having taken a character.
    var repeats: Bool { if case .anyRun = self { true } else { false } }
}

/// The characters between brackets.
struct GlobSet: Sendable, Hashable {
    var ranges: [ClosedRange<Unicode.Scalar>] = []
    var isInverted = false

    func holds(_ scalar: Unicode.Scalar) -> Bool {
        scalar != "/" && self.ranges.contains { $0.contains(scalar) } != self.isInverted
    }
}

/// All the places of a pattern that a value has led to, moved on together, one character at a time.
///
/// No place is looked at more often than twice for a character, so that no pattern is slow.
struct GlobSearch: Sendable {
    private let steps: [GlobStep]
    /// One more than there are steps: the last is behind them.
    private var places: [Bool]
    private var nextPlaces: [Bool]
    /// How often a place was looked at.
    private(set) var visits = 0

    init(_ steps: [GlobStep]) {
        self.steps = steps
        self.places = Array(repeating: false, count: steps.count + 1)
        self.nextPlaces = self.places
        self.places[0] = true
        self.spread()
    }

    /// Whether the value leads behind the last place.
    mutating func matches(_ value: String) -> Bool {
        for scalar in value.unicodeScalars {
            guard self.take(scalar) else { return false }
            self.spread()
        }
        return self.places[self.steps.count]
    }

    /// - Returns: Whether any place has taken it.
    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        var isTaken = false
        for place in self.steps.indices {
            self.visits += 1
            guard self.places[place], self.steps[place].takes(scalar) else { continue }
            self.nextPlaces[self.steps[place].repeats ? place : place + 1] = true
            isTaken = true
        }
        swap(&self.places, &self.nextPlaces)
        for place in self.nextPlaces.indices { self.nextPlaces[place] = false }
        return isTaken
    }

    /// Reaches what can be reached without taking anything.
    private mutating func spread() {
        for place in self.steps.indices {
            self.visits += 1
            guard self.places[place] else { continue }
            switch self.steps[place] {
            case .anyRun: self.places[place + 1] = true
            case .fork(let targets): for target in targets { self.places[target] = true }
            case .jump(let target): self.places[target] = true
            case .character, .anyCharacter, .set: break
            }
        }
    }
}
