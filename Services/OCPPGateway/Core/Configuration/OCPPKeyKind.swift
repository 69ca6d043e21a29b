internal import BusSchema
internal import Primitives

/// A kind of values: how they are declared, and how a canonical text becomes one.
struct OCPPKeyKind<Value>: Sendable {
    let type: KeyDeclaration.ValueType
    /// Adds unit, range, lengths and choices.
    let limit: @Sendable (inout KeyDeclaration) -> Void
    /// Nil for a text that is not canonical.
    let parse: @Sendable (String) -> Value?
    /// What is wrong with a canonical text all the same, which no declaration can say; nil where nothing is.
    var complaint: @Sendable (String) -> String? = { _ in nil }
}

extension OCPPKeyKind<Bool> {
    static let boolean = OCPPKeyKind(type: .boolean, limit: { _ in }, parse: { Bool($0) })
}

extension OCPPKeyKind where Value: FixedWidthInteger & Sendable {
    /// An integer in `range`.
    static func integer(_ range: ClosedRange<Int64>? = nil, unit: String? = nil) -> OCPPKeyKind {
        OCPPKeyKind(
            type: .integer,
            limit: {
                $0.unit = unit
                $0.minimum = range?.lowerBound
                $0.maximum = range?.upperBound
            },
            parse: { Value($0) }
        )
    }
}

extension OCPPKeyKind<Int> {
    /// A number that the charger states and nobody sets.
    static let count = OCPPKeyKind.integer()
}

extension OCPPKeyKind<Duration> {
    /// Whole seconds in `range`.
    static func seconds(_ range: ClosedRange<Int64>) -> OCPPKeyKind {
        OCPPKeyKind(
            type: .integer,
            limit: {
                $0.unit = "s"
                $0.minimum = range.lowerBound
                $0.maximum = range.upperBound
            },
            parse: { Int64($0).map { Duration(outsideSeconds: $0) } }
        )
    }
}

extension OCPPKeyKind<[String]> {
    /// Up to `items` of `choices`, or of anything.
    static func list(of choices: [String]? = nil, items: Int? = nil) -> OCPPKeyKind {
        OCPPKeyKind(
            type: .list,
            limit: {
                // A value has to fit KeyValue (OCPP 1.6 §7.29).
                $0.maximumLength = 500
                $0.maximumItems = items
                $0.choices = choices
            },
            parse: { $0.split(separator: ",").map(String.init) }
        )
    }
}

extension OCPPKeyKind<[String]> {
    /// Values of OCPP 1.6 §9.1.7, one per connector; without an index they stand for every connector, as the certificate has it.
    static func phaseRotations(connectors: Int) -> OCPPKeyKind {
        let rotations = ["NotApplicable", "Unknown", "RST", "RTS", "SRT", "STR", "TRS", "TSR"]
        let indexed = (0...connectors).flatMap { index in rotations.map { "\(index).\($0)" } }
        var kind = list(of: rotations + indexed, items: connectors + 1)
        kind.complaint = { text in
            let items = text.split(separator: ",")
            let named = items.map { $0.split(separator: ".").dropLast().first }
            if items.count > 1, named.contains(nil) {
                return "expected one value for all connectors, or an index with each"
            }
            return Set(named).count == items.count ? nil : "expected each connector once, found one of them twice"
        }
        return kind
    }
}

extension OCPPKeyKind<[MeasurandSelection]> {
    /// Whatever can be measured on a charger with so many phases.
    static func measurands(phases: Int) -> OCPPKeyKind {
        let texts = OCPPKeyKind<[String]>.list(
            of: MeasurandSelection.choices(phases: phases),
            items: MeasurandSelection.longestList
        )
        return OCPPKeyKind(
            type: texts.type,
            limit: texts.limit,
            parse: { MeasurandSelection.list($0) }
        )
    }
}

extension OCPPKeyKind<Never> {
    /// So many bytes in hex. Kept by the config store alone; whoever needs it reads the store's file.
    static func secretBytes(_ range: ClosedRange<Int64>) -> OCPPKeyKind {
        OCPPKeyKind(
            type: .hexadecimal,
            limit: {
                $0.secret = true
                $0.unit = "bytes"
                $0.minimum = range.lowerBound
                $0.maximum = range.upperBound
                $0.maximumLength = Int(range.upperBound) * 2
            },
            parse: { _ in nil }
        )
    }
}
