import OCPP
import Primitives

/// What one meter gives, as its readings say: those since the start, and until these have said enough, those of before (OCPP 1.6 §3.16.4).
struct KnownMeasurands: Equatable, Sendable {
    /// What every meter gives.
    private static let basic: Set<MeasurandSelection> = [
        MeasurandSelection(.energyActiveImportRegister), MeasurandSelection(.powerActiveImport),
        MeasurandSelection(.currentImport, phase: .l1), MeasurandSelection(.voltage, phase: .l1N),
    ]
    /// From the first reading on until a meter has shown everything that it gives: some quantities come with few readings, and hardware-io
    /// publishes one each ten seconds where nothing happens.
    private static let settleTime = Duration.seconds(30)
    /// From the first reading on until what was known before is forgotten: the meter may be another one, which gives less.
    private static let longestInherited = Duration.seconds(300)

    /// What readings carried since the start, also where the newest lacks it.
    private var seen: Set<MeasurandSelection> = []
    /// What was known before the start; nil where nothing was, and when it does not count any more.
    private var inherited: Set<MeasurandSelection>?
    private var firstReadAt: Duration?
    /// Enough was read for saying that the meter does not give something.
    private var isSettled = false
    /// Counts up with each change of `all`.
    private(set) var version = 0

    /// `inherited` is what an earlier process knew; nil where none did.
    init(inherited: Set<MeasurandSelection>?) { self.inherited = inherited }

    /// There is a meter, or was before the start.
    var hasMeter: Bool { inherited != nil || firstReadAt != nil }

    /// Whether it can be said of everything that the meter gives it, or does not.
    var isComplete: Bool { inherited != nil || isSettled }

    /// What is known, for the next process.
    var all: Set<MeasurandSelection> { seen.union(inherited ?? []) }

    mutating func note(_ figures: [MeterFigure], at uptime: Duration) {
        for figure in figures where seen.insert(figure.place).inserted {
            if inherited?.contains(figure.place) != true { version += 1 }
        }
        let since = firstReadAt ?? uptime
        firstReadAt = since
        if uptime - since >= Self.settleTime { isSettled = true }
        guard let inherited, uptime - since >= Self.longestInherited else { return }
        self.inherited = nil
        if !inherited.isSubset(of: seen) { version += 1 }
    }

    /// Whether the meter gives that, or it follows from what it gives.
    func covers(_ selection: MeasurandSelection) -> Bool {
        switch selection.measurand.traits.source {
        case .offer: selection.phase == nil
        case .interval(let register): covers(MeasurandSelection(register, phase: selection.phase))
        case .register, .instant:
            [Self.basic, seen, inherited ?? []].contains { $0.contains { selection.covers($0) } }
        }
    }
}
