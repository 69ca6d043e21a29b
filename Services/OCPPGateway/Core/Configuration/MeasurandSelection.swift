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

    /// As a list of measurands spells it.
    var text: String { phase.map { "\(measurand.rawValue).\($0.rawValue)" } ?? measurand.rawValue }

    /// Most items in one list.
    static let longestList = 20

    /// What a list may contain on a charger with so many phases, as far as spelling goes: every measurand, whole and by the phases that it can
    /// have. Whether a meter here gives it only its readings say.
    static func choices(phases: Int) -> [String] {
        Measurand.allCases.flatMap { measurand in
            var places: [Phase?] = [nil]
            places.append(contentsOf: measurand.traits.phases.all(phases: phases))
            return places.map { MeasurandSelection(measurand, phase: $0).text }
        }
    }

    /// Reads a list; what is no measurand is left out.
    static func list(_ text: String) -> [MeasurandSelection] {
        text.split(separator: ",").compactMap { MeasurandSelection($0) }
    }
}
