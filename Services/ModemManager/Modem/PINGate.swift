internal import Primitives

/// Whether a PIN may be tried. A SIM that has refused three PINs wants the PUK, and that a person at the charger.
///
/// - A PIN that a SIM refused is never tried on that SIM again, whatever its counter says later, also after a restart: the attempt is on disk
///   before it is made, and its end after it.
/// - One that the modem took without opening the SIM counts as one that was refused, so that it is not given without end. A SIM is open when it
///   has stayed so for some time or found a network: modems say so for a moment of a locked one, too.
/// - Nothing is tried with fewer than two tries left, or without knowing how many.
/// - An attempt whose end nobody saw (power failed, the port went away, no answer) may be repeated once, and only when the SIM counts as many
///   tries as before it, and when it cannot be under way any more: then the PIN was right, or never arrived. It counts as one without an
///   answer from before it is made, since whatever keeps its answer away may keep anything from being noted, too.
/// - A SIM that does not tell its number while it is locked may be any: what was refused before is tried on it only where its counter is full
///   and was not after the refusal, so that it is another one.
/// - Where the memory of earlier attempts was lost, a PIN may have been refused: none is tried unless the counter is full.
struct PINGate: Equatable, Sendable {
    static let fewestTries = 2
    /// What a SIM has that has refused nothing.
    static let allTries = 3
    /// How long an attempt whose end nobody saw may be under way: `mmcli` has 40 s, and ModemManager goes on without it.
    static let patience = Duration.seconds(120)
    /// How long a SIM may stay locked after the modem took its PIN.
    static let openingPatience = Duration.seconds(60)
    /// How long a SIM must be open, where it finds no network, until its PIN was right: less than the minute after which the other slot gets its turn.
    static let openPatience = Duration.seconds(30)
    /// How many attempts without an answer there are of one PIN.
    static let mostUnanswered = 2

    enum Decision: Equatable {
        /// As soon as the memory is on disk.
        case attempt
        /// The PIN was taken a moment ago.
        case opening
        /// `again` is when more may be known; nil where only a person helps.
        case withhold(ModemTrouble, again: Duration? = nil)
    }

    /// What tells a SIM from others.
    struct Card: Equatable, Sendable {
        /// Nil where it cannot be read.
        var iccid: String?
        /// Of the modem.
        var imei: String?

        var modem: String { "imei:" + (imei ?? "") }
        var key: String { iccid ?? modem }

        /// Whether an attempt on `sim` may have been one on this card.
        func mayBe(_ sim: String) -> Bool { iccid == nil || isKnown(as: sim) || sim.hasPrefix("imei:") }

        /// Whether it tells its number, and that is `sim`.
        func isKnown(as sim: String) -> Bool { iccid.map { PINGate.isSame($0, sim) } ?? false }
    }

    private struct Taken: Equatable, Sendable {
        var sim: String
        var fingerprint: UInt64
        var at: Duration
    }

    /// A SIM that has been open, without a question for a PIN since.
    private struct Opened: Equatable, Sendable {
        var sim: String
        var since: Duration
    }

    var memory: ModemMemory
    /// What other uplinks remember, by their names: cards are moved, also while both run, and uplinks get other names.
    private var elsewhere: [String: [ModemMemory.Attempt]]
    /// Since when an attempt may be under way. The first look counts as one: the process before may have made one right before its end.
    private var underWaySince: Duration?
    private var taken: Taken?
    private var opened: Opened?

    init(_ memory: ModemMemory?, elsewhere: [String: [ModemMemory.Attempt]] = [:]) {
        self.memory = memory ?? ModemMemory()
        self.elsewhere = elsewhere
    }

    /// All that this uplink remembers now.
    mutating func learn(_ attempts: [ModemMemory.Attempt], of uplink: String) { elsewhere[uplink] = attempts }

    /// Decides on the PIN of the site for `card`. With `needsCount` nothing is tried where the modem does not say how many tries are left, which
    /// is `triesLeft`. The memory may be another one afterwards, whatever was decided.
    mutating func decide(
        _ pin: Secret?,
        on card: Card,
        triesLeft: Int?,
        needsCount: Bool,
        at moment: Moment
    ) -> Decision {
        let since = underWaySince ?? moment.uptime
        underWaySince = since
        opened = nil
        guard let pin else { return .withhold(.pinMissing) }
        // ETSI TS 102 221 §9.5.1.
        guard (4...8).contains(pin.exposed.utf8.count), pin.exposed.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { return withhold("a PIN has four to eight digits") }
        if let triesLeft { memory.count(triesLeft, for: pin, on: card.key) }
        if let taken, Self.isSame(taken.sim, card.key), taken.fingerprint == Self.fingerprint(of: pin, on: taken.sim),
            memory.isUnanswered(pin, on: card.key)
        {
            guard moment.uptime - taken.at >= Self.openingPatience else { return .opening }
            memory.end(pin, on: card.key, .changedNothing)
        }
        taken = nil
        let earlier = (memory.attempts + others).filter { $0.isOf(pin) && card.mayBe($0.sim) }
        for attempt in earlier {
            if let trouble = objection(to: attempt, on: card, triesLeft) { return .withhold(trouble) }
        }
        if let objection = objection(triesLeft, needsCount) { return withhold(objection) }
        let rest = since + Self.patience - moment.uptime
        guard rest <= .zero || !earlier.contains(where: { $0.end == nil }) else {
            return .withhold(.pinWithheld(reason: "its last attempt may still be under way"), again: rest)
        }
        memory.remember(pin, on: card.key, triesBefore: triesLeft)
        return .attempt
    }

    private var others: [ModemMemory.Attempt] { elsewhere.sorted { $0.key < $1.key }.flatMap(\.value) }

    private func withhold(_ reason: String) -> Decision { .withhold(.pinWithheld(reason: reason)) }

    /// Where only a person can say that it may be tried once more.
    static let leave = "; to have it tried, stop modem-manager, delete modem-* in its state folder, and start it"

    private func objection(to attempt: ModemMemory.Attempt, on card: Card, _ triesLeft: Int?) -> ModemTrouble? {
        switch attempt.end {
        case .refused?:
            guard !card.isKnown(as: attempt.sim) else { return .pinRefused(triesLeft: triesLeft) }
            let isUnnamed = attempt.sim.hasPrefix("imei:")
            if isUnnamed, let triesLeft, triesLeft >= Self.allTries, let seen = attempt.triesSeen, seen < triesLeft {
                return nil
            }
            return .pinWithheld(reason: "a SIM that cannot be told from this one refused it" + Self.leave)
        case .changedNothing?:
            return .pinWithheld(reason: "the modem took it before, and the SIM stayed locked" + Self.leave)
        case nil:
            guard memory.isInDoubt != true else {
                return .pinWithheld(reason: "how its last attempt ended could not be read" + Self.leave)
            }
            guard attempt.timesUnanswered < Self.mostUnanswered else {
                return .pinWithheld(reason: "it was not answered \(Self.mostUnanswered) times" + Self.leave)
            }
            guard let before = attempt.triesBefore, let triesLeft else {
                let unknown =
                    "nobody saw how its last attempt ended, and the modem does not say how many tries are left"
                return .pinWithheld(reason: unknown + Self.leave)
            }
            return triesLeft >= before ? nil : .pinRefused(triesLeft: triesLeft)
        }
    }

    private func objection(_ triesLeft: Int?, _ needsCount: Bool) -> String? {
        if memory.isInDoubt == true, triesLeft ?? 0 < Self.allTries {
            return "which PINs were refused before could not be read, and the SIM does not say that it has "
                + "\(Self.allTries) tries left" + Self.leave
        }
        guard let triesLeft else { return needsCount ? "the modem does not say how many tries are left" : nil }
        return triesLeft >= Self.fewestTries
            ? nil : "the SIM has \(triesLeft) \(triesLeft == 1 ? "try" : "tries") left"
    }

    /// Some modems leave the check digit of an ICCID out, or add what fills its last byte: two are one where the longer begins with the shorter.
    static func isSame(_ one: String, _ other: String) -> Bool {
        one == other || min(one.utf8.count, other.utf8.count) >= 18 && (one.hasPrefix(other) || other.hasPrefix(one))
    }

    /// FNV-1a of both, so that the PIN itself is not on disk a second time.
    static func fingerprint(of pin: Secret, on sim: String) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in (sim + "/" + pin.exposed).utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return hash
    }
}

// MARK: - What became of it

/// Each tells whether the memory is to be stored.
extension PINGate {
    /// It is on its way to the SIM.
    mutating func send(at moment: Moment) { underWaySince = moment.uptime }

    /// The modem took it. Whether it was right is seen when the SIM is open: until then the attempt is one whose end nobody saw.
    mutating func accept(_ pin: Secret?, on card: Card, at moment: Moment) {
        guard let pin else { return }
        taken = Taken(sim: card.key, fingerprint: Self.fingerprint(of: pin, on: card.key), at: moment.uptime)
    }

    mutating func refuse(_ pin: Secret?, on card: Card) -> Bool {
        changes { memory in if let pin { memory.end(pin, on: card.key, .refused) } }
    }

    /// The SIM refused what was sent last, and nobody waited for that any more.
    mutating func refuseLast() -> Bool { changes { $0.refuseLast() } }

    /// The modem may have started anew: that it asks for a PIN that it took is no sign of a wrong one.
    mutating func noteStart() { (taken, opened) = (nil, nil) }

    /// It never left for the SIM, for certain: what was there before it stays.
    mutating func takeBack(_ pin: Secret?, on card: Card) -> Bool {
        changes { memory in if let pin { memory.takeBack(pin, on: card.key) } }
    }

    /// The SIM is open: what was tried on it is settled as soon as it `isUsed`, which is that a network takes it, or has stayed open. Not so what it
    /// refused, since somebody else may have opened it with another PIN.
    mutating func open(_ pin: Secret?, on card: Card, isUsed: Bool, at moment: Moment) -> Bool {
        let earlier = opened.flatMap { Self.isSame($0.sim, card.key) ? $0.since : nil }
        let since = earlier ?? moment.uptime
        opened = Opened(sim: card.key, since: since)
        guard isUsed || moment.uptime - since >= Self.openPatience else { return false }
        taken = nil
        return changes { memory in
            // Its number may have become readable with this PIN.
            memory.attempts.removeAll {
                $0.isOf(pin) && $0.end != .refused && (Self.isSame($0.sim, card.key) || $0.sim == card.modem)
            }
        }
    }

    private mutating func changes(_ change: (inout ModemMemory) -> Void) -> Bool {
        let before = memory
        change(&memory)
        return memory != before
    }
}

extension ModemMemory.Attempt {
    fileprivate func isOf(_ pin: Secret?) -> Bool {
        pin.map { fingerprint == PINGate.fingerprint(of: $0, on: sim) } ?? false
    }

    /// It was made once at least.
    fileprivate var timesUnanswered: Int { unanswered ?? 1 }
}

extension ModemMemory {
    fileprivate func index(of pin: Secret, on sim: String) -> Int? {
        attempts.lastIndex { PINGate.isSame($0.sim, sim) && $0.isOf(pin) }
    }

    fileprivate func isUnanswered(_ pin: Secret, on sim: String) -> Bool {
        index(of: pin, on: sim).map { attempts[$0].end == nil } ?? false
    }

    /// The last one is the one that was made last.
    fileprivate mutating func refuseLast() {
        guard let index = attempts.indices.last, attempts[index].end == nil else { return }
        (attempts[index].end, attempts[index].unanswered) = (.refused, nil)
    }

    fileprivate mutating func remember(_ pin: Secret, on sim: String, triesBefore: Int?) {
        var attempt = Attempt(sim: sim, fingerprint: PINGate.fingerprint(of: pin, on: sim), triesBefore: triesBefore)
        attempt.unanswered = 1
        if let index = index(of: pin, on: sim) {
            if attempts[index].end == nil { attempt.unanswered = min(attempts[index].timesUnanswered, 99) + 1 }
            attempts.removeAll { PINGate.isSame($0.sim, sim) && $0.isOf(pin) }
        }
        attempts.append(attempt)
        guard attempts.count > Self.limit else { return }
        attempts.remove(at: attempts.firstIndex { $0.sim != sim } ?? 0)
    }

    fileprivate mutating func end(_ pin: Secret, on sim: String, _ end: Attempt.End) {
        guard let index = index(of: pin, on: sim) else { return }
        (attempts[index].end, attempts[index].unanswered) = (end, nil)
    }

    fileprivate mutating func takeBack(_ pin: Secret, on sim: String) {
        guard let index = index(of: pin, on: sim), attempts[index].end == nil else { return }
        let earlier = attempts[index].timesUnanswered - 1
        if earlier > 0 { attempts[index].unanswered = earlier } else { attempts.remove(at: index) }
    }

    /// An attempt that cost a try was refused. What is counted after a refusal tells this SIM from another one later.
    fileprivate mutating func count(_ triesLeft: Int, for pin: Secret, on sim: String) {
        guard let index = index(of: pin, on: sim) else { return }
        if attempts[index].end == nil, let before = attempts[index].triesBefore, triesLeft < before {
            (attempts[index].end, attempts[index].unanswered) = (.refused, nil)
        }
        guard attempts[index].end == .refused, triesLeft < attempts[index].triesSeen ?? .max else { return }
        attempts[index].triesSeen = triesLeft
    }
}
