public import OCPP

/// One item of a measurand list: a measurand, or one phase of it, as in `Voltage.L1` (OCPP 1.6 §9.1.17).
public struct MeasurandSelection: Hashable, Sendable {
    public var measurand: Measurand
    /// Nil means every phase that is measured, or the value of the whole (OCPP 1.6 §3.16.3).
    public var phase: Phase?

    public init(_ measurand: Measurand, phase: Phase? = nil) {
        self.measurand = measurand
        self.phase = phase
    }

    /// Reads one item; nil when it is no measurand or phase of OCPP 1.6.
    public init?(_ text: some StringProtocol) {
        if let measurand = Measurand(rawValue: String(text)) {
            self.init(measurand)
            return
        }
        guard let dot = text.lastIndex(of: "."), let measurand = Measurand(rawValue: String(text[..<dot])),
            let phase = Phase(rawValue: String(text[text.index(after: dot)...]))
        else { return nil }
        self.init(measurand, phase: phase)
    }

    /// Most items in one list.
    static let longestList = 20

    /// What a list may contain: the quantities that the meter of a charger with so many phases gives.
    static func choices(phases: Int) -> [String] {
        let whole: [Measurand] = [
            .energyActiveImportRegister, .powerActiveImport, .currentImport, .voltage, .frequency, .currentOffered,
        ]
        let perPhase: [Measurand] = [.currentImport, .voltage]
        let numbers = phases == 3 ? ["L1", "L2", "L3"] : ["L1"]
        return whole.map(\.rawValue) + perPhase.flatMap { measurand in numbers.map { "\(measurand.rawValue).\($0)" } }
    }
}
