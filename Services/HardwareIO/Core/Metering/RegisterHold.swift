import Primitives

/// A register that said several times in a row that it is where nothing explains it, or a meter that is another one again and again. It is not
/// believed there however long one waits: it has to come back, be that of another meter, or be accepted by service.
struct RegisterHold {
    /// A current may be shown later than the register counts it: what the next samples explain was early, and is believed.
    static let samplesThatHold = 3
    /// A meter is changed by hand, and once more if it was the wrong one. More often within `changesWithin` it is two that answer in its place.
    static let mostChanges = 2
    static let changesWithin = Duration.seconds(600)
    /// Below every register that can be, Wh.
    static let anywhereWh = -MeterPlausibility.highestRegisterWh
    private static let changeWords =
        "the meter is another one again and again, or its register somewhere else: do two meters answer in its place?"

    private var refusals = 0
    private var newest: (energyWh: Int64, words: String)?
    /// When the register went on somewhere else lately, ascending; at most one more than is allowed.
    private var changes: [Duration] = []

    init() {}

    /// That of a process before, at a register as it counts; nil where it had none.
    init(heldWh: Int64?) {
        refusals = heldWh == nil ? 0 : Self.samplesThatHold
        newest = heldWh.map { heldWh in
            let words = "register at \(heldWh) Wh was refused before the restart, and nobody has cleared that"
            return (heldWh, heldWh <= Self.anywhereWh ? Self.changeWords : words)
        }
    }

    /// Where the register was refused, as it counts, Wh; nil where the newest one was not. From the first time on: the next process may begin after a
    /// power cut, and knows nothing of what flowed.
    var refusedWh: Int64? { newest?.energyWh }

    /// Whether the newest register was refused for what it rose by.
    var isRefused: Bool { newest != nil }

    private var isOfChanges: Bool { newest.map { $0.energyWh <= Self.anywhereWh } ?? false }

    /// It was refused there.
    mutating func refuse(_ energyWh: Int64, _ words: String) {
        refusals = min(refusals + 1, Self.samplesThatHold)
        newest = (energyWh, words)
    }

    /// It is believed again.
    mutating func release() {
        refusals = 0
        newest = nil
    }

    /// What counts is going to go on somewhere else. That explains no change too many: one that is found so often is found once more.
    mutating func registerLeaves(at uptime: Duration) {
        guard !isOfChanges else { return }
        release()
        changes = changes.filter { uptime - $0 < Self.changesWithin }.suffix(Self.mostChanges) + [uptime]
        guard changes.count > Self.mostChanges else { return }
        refusals = Self.samplesThatHold
        newest = (Self.anywhereWh, Self.changeWords)
    }

    /// Why a register is not believed, whatever has flowed meanwhile; nil when that is to be seen.
    func objection(to energyWh: Int64) -> String? {
        guard let newest, refusals >= Self.samplesThatHold,
            energyWh >= newest.energyWh.subtractingClamped(MeterPlausibility.jitterWh)
        else { return nil }
        return newest.words
    }
}
