import BusSchema
import Primitives

/// Which of the further quantities of a sample are believed. Nothing is billed by them, so that one that cannot be is left out, and the
/// sample counts without it. For the same reason a register that says again and again that it is elsewhere is believed in the end.
struct QuantityJudge {
    private struct Place: Hashable {
        var measurand: MeterQuantity.Measurand
        var phase: MeterQuantity.Phase?

        init(_ quantity: MeterQuantity) {
            measurand = quantity.measurand
            phase = quantity.phase
        }
    }

    /// What one register said, and when.
    private struct Register {
        var thousandths: Int64
        var at: Duration
        /// So many in a row that agree.
        var count = 1
    }

    /// So many in a row that agree are believed of a register that is not known yet.
    static let samplesToBelieveFirst = 2
    /// And of one that is known to be elsewhere: the meter was swapped, or what was believed was wild.
    static let samplesToBelieveElsewhere = 3
    /// So much a register may be ahead of what flowed, besides, thousandths of Wh or varh.
    private static let slack: Int64 = 10_000

    private let ratedMilliamps: Int64
    private let energyTimeScale: Int64
    /// The newest of each register, which no later one falls below (OCPP 1.6 §7.31).
    private var registers: [Place: Register] = [:]
    /// What does not follow from it.
    private var candidates: [Place: Register] = [:]

    init(_ configuration: ConnectorConfiguration) {
        ratedMilliamps = Int64(configuration.ratedMilliamps)
        energyTimeScale = Int64(configuration.energyTimeScale)
    }

    /// Remembers the registers of a reading that was believed before the start.
    mutating func take(_ quantities: [MeterQuantity], at uptime: Duration) {
        for quantity in quantities.prefix(MeterQuantity.mostInOneReading)
        where Self.registers.contains(quantity.measurand) && isPossible(quantity) {
            registers[Place(quantity)] = Register(thousandths: quantity.thousandths, at: uptime)
        }
    }

    /// The meter was swapped or reset: its registers may be anywhere.
    mutating func beginAnew() {
        registers = [:]
        candidates = [:]
    }

    /// Those that can be true, each measurand and phase once, in their order. A register that fell by no more than rounding stays where it was.
    mutating func believed(_ quantities: [MeterQuantity], at uptime: Duration) -> [MeterQuantity] {
        var seen: Set<Place> = []
        return quantities.prefix(MeterQuantity.mostInOneReading).compactMap { quantity in
            guard seen.insert(Place(quantity)).inserted, isPossible(quantity) else { return nil }
            guard Self.registers.contains(quantity.measurand) else { return quantity }
            guard let thousandths = register(quantity, at: uptime) else { return nil }
            return MeterQuantity(quantity.measurand, phase: quantity.phase, thousandths: thousandths)
        }
    }

    private func isPossible(_ quantity: MeterQuantity) -> Bool {
        range(of: quantity.measurand)?.contains(quantity.thousandths) == true
    }

    /// The register that counts; nil while nobody knows.
    private mutating func register(_ quantity: MeterQuantity, at uptime: Duration) -> Int64? {
        let place = Place(quantity)
        var newest = Register(thousandths: quantity.thousandths, at: uptime)
        let known = registers[place]
        if let known, follows(newest, known) {
            newest.thousandths = max(newest.thousandths, known.thousandths)
        } else {
            if let candidate = candidates[place], follows(newest, candidate) { newest.count = candidate.count + 1 }
            candidates[place] = newest
            let needed = known == nil ? Self.samplesToBelieveFirst : Self.samplesToBelieveElsewhere
            guard newest.count >= needed else { return nil }
        }
        candidates[place] = nil
        registers[place] = newest
        return newest.thousandths
    }

    /// Whether the one can come after the other: it fell by rounding at most, and counted no more than can have flowed.
    private func follows(_ register: Register, _ earlier: Register) -> Bool {
        let risen = register.thousandths.subtractingClamped(earlier.thousandths)
        let milliseconds = max(0, (register.at - earlier.at).wholeMilliseconds)
        // Milliwatts times milliseconds, in thousandths of a watt hour.
        let flowed = highestPower.multipliedClamped(by: milliseconds) / 3_600_000
        let most = flowed.addingClamped(Self.slack).multipliedClamped(by: energyTimeScale)
        return risen >= -MeterPlausibility.jitterWh * 1000 && risen <= most
    }

    private static let registers: Set<MeterQuantity.Measurand> = [
        .energyActiveExportRegister, .energyReactiveExportRegister, .energyReactiveImportRegister,
    ]

    private var highestMilliamps: Int64 { 2 * ratedMilliamps }

    /// Of one phase, or of three together: nobody is billed by it. Thousandths of W, var or VA.
    private var highestPower: Int64 {
        3 * highestMilliamps * Int64(MeterPlausibility.highestVoltageMillivolts / 1000)
    }

    /// What can be, in thousandths; nil for a measurand that is not known here.
    private func range(of measurand: MeterQuantity.Measurand) -> ClosedRange<Int64>? {
        switch measurand {
        case .currentExport, .currentImport: 0...highestMilliamps
        case .energyActiveExportRegister, .energyReactiveExportRegister, .energyReactiveImportRegister:
            0...MeterPlausibility.highestRegisterWh * 1000
        case .powerActiveExport, .powerActiveImport, .powerReactiveExport, .powerReactiveImport: 0...highestPower
        case .powerFactor: -1000...1000
        case .rpm: 0...30_000_000
        case .soC: 0...100_000
        case .temperature: -50_000...150_000
        // Between phases it is the square root of three times that to neutral.
        case .voltage: 0...Int64(MeterPlausibility.highestVoltageMillivolts) * 1733 / 1000
        default: nil
        }
    }
}
