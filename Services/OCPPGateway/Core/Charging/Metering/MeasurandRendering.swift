import OCPP

/// Writes figures as sampled values (OCPP 1.6 §7.43): all phases of a measurand that are measured, or the one that was selected
/// (OCPP 1.6 §3.16.3), with units always stated except where OCPP has none (E §3.86).
enum MeasurandRendering {
    /// The values of a list of measurands, in its order. What there is no figure for is left out.
    ///
    /// `location` is where the meter sits; what is not measured at the meter has a place of its own.
    static func values(
        _ selections: [MeasurandSelection],
        of figures: [MeterFigure],
        context: ReadingContext,
        location: Location = .outlet
    ) -> [SampledValue] {
        selections.flatMap { selection in
            let traits = selection.measurand.traits
            return figures.filter { selection.covers($0.place) }
                .map { figure in
                    SampledValue(
                        value: decimal(thousandths: figure.thousandths),
                        context: context,
                        measurand: selection.measurand,
                        phase: selection.phase ?? figure.place.phase,
                        location: traits.location == .outlet ? location : traits.location,
                        unit: traits.unit
                    )
                }
        }
    }

    /// Exact decimal text of a number of thousandths, without superfluous digits.
    private static func decimal(thousandths value: Int64) -> String {
        let magnitude = value.magnitude
        var fraction = String(magnitude % 1000)
        fraction = String(repeating: "0", count: 3 - fraction.count) + fraction
        while fraction.hasSuffix("0") { fraction.removeLast() }
        let whole = (value < 0 ? "-" : "") + String(magnitude / 1000)
        return fraction.isEmpty ? whole : whole + "." + fraction
    }
}

extension MeasurandSelection {
    /// Whether it selects what is measured at `place`: a measurand without a phase means all of them.
    func covers(_ place: MeasurandSelection) -> Bool {
        guard measurand == place.measurand else { return false }
        switch (phase, place.phase) {
        case (nil, _): return true
        // `Voltage.L1` selects what is measured between L1 and N.
        case (.l1, .l1N), (.l2, .l2N), (.l3, .l3N): return measurand == .voltage
        case (let selected, let measured): return selected == measured
        }
    }
}
