import Primitives

/// A register that said several times in a row that it is where nothing explains it. It is not believed there however long one waits: it has to come
/// back, be that of another meter, or be accepted by service.
struct RegisterHold {
    /// A current may be shown later than the register counts it: what the next samples explain was early, and is believed.
    static let samplesThatHold = 3

    private var refusals = 0
    private var held: (energyWh: Int64, words: String)?

    /// Whether the newest register was refused for what it rose by.
    var isRefused: Bool { refusals > 0 }

    /// It was refused there.
    mutating func refuse(_ energyWh: Int64, _ words: String) {
        refusals = min(refusals + 1, Self.samplesThatHold)
        if refusals >= Self.samplesThatHold { held = (energyWh, words) }
    }

    /// Why a register is not believed, whatever has flowed meanwhile; nil when that is to be seen.
    func objection(to energyWh: Int64) -> String? {
        guard let held, energyWh >= held.energyWh.subtractingClamped(MeterPlausibility.jitterWh) else { return nil }
        return held.words
    }
}
