import OCPP

/// What there is to know of a measurand to report it. The one list of the 22 of OCPP 1.6 §7.31: which may stand in a key, where its value comes
/// from, in which unit and for which place it is told.
struct MeasurandTraits {
    enum Source {
        /// The meter's register.
        case register
        /// What that register counted in an interval (E §3.78).
        case interval(of: Measurand)
        /// A value of this instant.
        case instant
        /// Nothing measured: the most that is offered (OCPP 1.6 §4.7).
        case offer
    }

    /// The phases that it can be told of, besides the whole (OCPP 1.6 §7.34).
    enum Phases {
        case none, lines, conductors, voltages
    }

    var source = Source.instant
    /// Always stated, except where OCPP has none (E §3.86).
    var unit: UnitOfMeasure?
    var phases = Phases.none
    var location = Location.outlet
}

extension Measurand {
    var traits: MeasurandTraits {
        switch self {
        case .currentExport, .currentImport: MeasurandTraits(unit: .a, phases: .conductors)
        case .currentOffered: MeasurandTraits(source: .offer, unit: .a)
        case .energyActiveExportRegister, .energyActiveImportRegister:
            MeasurandTraits(source: .register, unit: .wh, phases: .lines)
        case .energyReactiveExportRegister, .energyReactiveImportRegister:
            MeasurandTraits(source: .register, unit: .varh, phases: .lines)
        case .energyActiveExportInterval:
            MeasurandTraits(source: .interval(of: .energyActiveExportRegister), unit: .wh, phases: .lines)
        case .energyActiveImportInterval:
            MeasurandTraits(source: .interval(of: .energyActiveImportRegister), unit: .wh, phases: .lines)
        case .energyReactiveExportInterval:
            MeasurandTraits(source: .interval(of: .energyReactiveExportRegister), unit: .varh, phases: .lines)
        case .energyReactiveImportInterval:
            MeasurandTraits(source: .interval(of: .energyReactiveImportRegister), unit: .varh, phases: .lines)
        case .frequency: MeasurandTraits(unit: nil)
        case .powerActiveExport, .powerActiveImport: MeasurandTraits(unit: .w, phases: .lines)
        case .powerFactor: MeasurandTraits(unit: nil, phases: .lines)
        case .powerOffered: MeasurandTraits(source: .offer, unit: .w)
        case .powerReactiveExport, .powerReactiveImport: MeasurandTraits(unit: .var, phases: .lines)
        case .rpm: MeasurandTraits(unit: nil, location: .body)
        case .soC: MeasurandTraits(unit: .percent, location: .ev)
        case .temperature: MeasurandTraits(unit: .celsius, location: .body)
        case .voltage: MeasurandTraits(unit: .v, phases: .voltages)
        }
    }

    /// What its energy is counted by; nil when it is no energy of an interval.
    var intervalRegister: Measurand? {
        guard case .interval(let register) = traits.source else { return nil }
        return register
    }

    var isRegister: Bool {
        guard case .register = traits.source else { return false }
        return true
    }

    /// The energy that this register counts in an interval; nil when it is no register.
    var intervalMeasurand: Measurand? { Measurand.allCases.first { $0.intervalRegister == self } }
}

extension MeasurandTraits.Phases {
    /// Those that a charger with so many phases can have.
    func all(phases: Int) -> [Phase] {
        let isThree = phases == 3
        let lines: [Phase] = isThree ? [.l1, .l2, .l3] : [.l1]
        switch self {
        case .none: return []
        case .lines: return lines
        case .conductors: return lines + [.n]
        case .voltages:
            return lines + (isThree ? [.l1N, .l2N, .l3N, .l1L2, .l2L3, .l3L1] : [.l1N])
        }
    }
}
