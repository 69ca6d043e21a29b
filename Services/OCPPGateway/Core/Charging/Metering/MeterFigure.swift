import BusSchema
import OCPP
import Primitives

/// One quantity: at an instant, or over an interval.
struct MeterFigure: Equatable, Sendable {
    /// What, and of which phase; nil is the whole.
    var place: MeasurandSelection
    var thousandths: Int64

    init(_ measurand: Measurand, _ phase: Phase? = nil, _ thousandths: Int64) {
        place = MeasurandSelection(measurand, phase: phase)
        self.thousandths = thousandths
    }
}

extension MeterReading {
    /// What is offered to an EV while the reading is taken.
    struct Offer {
        /// Per phase; 0 while nothing is offered.
        var milliamps: Int
        var phases: Int
    }

    /// Of the mains between phase and neutral: what is offered is no measured value (OCPP 1.6 §4.7).
    private static let nominalVolts: Int64 = 230

    /// Everything that the reading says, in the words of OCPP. `registerWh` is the register that counts, which is never below one that was
    /// reported before (OCPP 1.6 §7.31); without an offer nothing is said of that.
    func figures(registerWh: Int64, offer: Offer?) -> [MeterFigure] {
        var figures = [
            MeterFigure(.energyActiveImportRegister, nil, registerWh.multipliedClamped(by: 1000)),
            MeterFigure(.powerActiveImport, nil, Int64(powerW).multipliedClamped(by: 1000)),
        ]
        figures += zip(currentMilliamps, [Phase.l1, .l2, .l3])
            .map { MeterFigure(.currentImport, $1, Int64($0)) }
        figures += zip(voltageMillivolts, [Phase.l1N, .l2N, .l3N])
            .map { MeterFigure(.voltage, $1, Int64($0)) }
        if let frequencyMillihertz { figures.append(MeterFigure(.frequency, nil, Int64(frequencyMillihertz))) }
        if let offer {
            let milliamps = Int64(offer.milliamps)
            let milliwatts = milliamps.multipliedClamped(by: Self.nominalVolts * Int64(offer.phases.clamped(to: 1...3)))
            figures += [MeterFigure(.currentOffered, nil, milliamps), MeterFigure(.powerOffered, nil, milliwatts)]
        }
        for quantity in (quantities ?? []).prefix(MeterQuantity.mostInOneReading) {
            guard let figure = MeterFigure(quantity), !figures.contains(where: { $0.place == figure.place }) else {
                continue
            }
            figures.append(figure)
        }
        return figures
    }
}

extension MeterFigure {
    /// Nil for a measurand or a phase that OCPP does not know, and for what is no measured quantity.
    fileprivate init?(_ quantity: MeterQuantity) {
        guard let measurand = Measurand(rawValue: quantity.measurand.rawValue) else { return nil }
        switch measurand.traits.source {
        case .interval, .offer: return nil
        case .register, .instant: break
        }
        let phase = quantity.phase.map { Phase(rawValue: $0.rawValue) }
        if case .some(nil) = phase { return nil }
        self.init(measurand, phase ?? nil, quantity.thousandths)
    }
}
