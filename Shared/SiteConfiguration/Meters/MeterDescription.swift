internal import JSON

/// How a meter is read over Modbus, as a file describes it: a new meter takes a new file and no code. The files that come with the charger stand in
/// `deploy/config/meters`, those of a site beside its `charger.json` in `meters`.
public struct MeterDescription: SiteReadable, Equatable, Sendable {
    /// Maker and model, 1…60 characters.
    public var name: String
    /// As it leaves the factory; the site's file may say otherwise.
    public var factory: MeterFactorySettings
    public var reading: MeterReadingRules
    public var wordOrder: MeterWordOrder
    /// Codes that stand for "no value": of up to four digits for the most significant register, of more for both.
    public var notAvailable: [UInt32]
    /// The step in which the import register counts, Wh.
    public var energyStepWh: Int
    /// By which one meter is told from another of its kind; nil where the maker's sheet has none.
    public var serialNumber: MeterSerialNumber?
    public var values: [MeterValue]

    /// How many phases have voltage and current, from L1 on: 0…3. 0 for a meter that tells energy and power only.
    public var phases: Int { Self.lines.prefix { values.contains(.voltage, phase: $0) }.count }

    private static let lines: [MeterPhase] = [.l1, .l2, .l3]

    public init(_ fields: Fields) {
        name = fields.text("name", 1...60, "Maker and model.")
        _ = fields.optionalText("about", 1...400, "Where the registers are from, and what is worth knowing.")
        factory = fields.object("factory", "How it leaves the factory.")
        reading = fields.object("reading", "What it can stand.")
        wordOrder = fields.choice("wordOrder", default: .highFirst, "Of values that take two registers or more.")
        notAvailable =
            fields.list("notAvailable", most: 8, .hexadecimal(digits: 8), "Codes that stand for no value.")
            .map { UInt32($0.dropFirst(2), radix: 16) ?? 0 }
        energyStepWh = fields.integer(
            "energyStepWh",
            1...1_000_000,
            default: 10,
            unit: "Wh",
            "The step in which the import register counts: three that are not counted show that it stands still."
        )
        serialNumber = fields.optionalObject("serialNumber", "By which one meter is told from another of its kind.")
        values = fields.objects("values", 1...64, required: true, "What it measures, and where.") ?? []
        checkValues(fields)
    }

    /// What no value shows by itself.
    private func checkValues(_ fields: Fields) {
        // Another quantity stands in the place of one that is not known, and would seem to be there twice.
        let areRight = values.indices.allSatisfy { index in
            fields.isRight("values[\(index)].quantity") && fields.isRight("values[\(index)].phase")
        }
        guard fields.isRight("values"), areRight else { return }
        for (index, value) in values.enumerated()
        where values.firstIndex(where: { $0.quantity == value.quantity && $0.phase == value.phase }) != index {
            let phase = value.phase.map { " of \($0.rawValue)" } ?? ""
            fields.note("values[\(index)].quantity", "\(value.quantity.rawValue)\(phase) is there twice")
        }
        if !values.contains(.energyImport, phase: nil) {
            fields.note("values", "expected \"\(MeterMeasure.energyImport.rawValue)\" without a phase, found none")
        }
        let phased = Self.lines.filter { values.contains(.voltage, phase: $0) }
        if phased != Self.lines.filter({ values.contains(.current, phase: $0) })
            || phased != Array(Self.lines.prefix(phased.count))
        {
            fields.note("values", "expected voltage and current of L1, of L1 to L3, or of none")
        }
        let hasPhases = !phased.isEmpty && phased.allSatisfy { values.contains(.power, phase: $0) }
        if !values.contains(.power, phase: nil), !hasPhases {
            fields.note("values", "expected \"\(MeterMeasure.power.rawValue)\" of all together, or of each phase")
        }
    }

    /// Reads a whole file.
    /// - Throws: `SiteFileErrors`, all that is wrong at once.
    public static func read(_ bytes: [UInt8], name: String) throws(SiteFileErrors) -> MeterDescription {
        let file: SiteFile
        do {
            file = try SiteFile(bytes: bytes, name: name)
        } catch {
            throw SiteFileErrors([error])
        }
        var document = file.document
        document["$schema"] = nil
        let reading = Reading(file: name, unknownKeys: .refused)
        let fields = Fields(document, at: "", reading)
        let description = MeterDescription(fields)
        fields.end()
        guard reading.report.isEmpty else { throw SiteFileErrors(reading.report) }
        return description
    }
}

/// How a meter leaves the factory.
public struct MeterFactorySettings: SiteReadable, Equatable, Sendable {
    public enum Parity: String, SiteChoice, Sendable {
        case none, even, odd

        var about: String { "\(rawValue) parity" }
    }

    public var baud: Int
    public var parity: Parity
    public var stopBits: Int
    /// Its address on the line, 1…247.
    public var unit: Int

    public init(_ fields: Fields) {
        baud = fields.integer("baud", 300...921_600, default: 9600, unit: "bit/s", "Speed.")
        parity = fields.choice("parity", default: Parity.none, "Parity of each character.")
        stopBits = fields.integer("stopBits", 1...2, default: 1, "Stop bits of each character.")
        unit = fields.integer("unit", 1...247, default: 1, "Address on the line.")
    }
}

/// What a meter can stand.
public struct MeterReadingRules: SiteReadable, Equatable, Sendable {
    /// Registers in one question.
    public var mostRegisters: Int
    /// So many registers that nobody wants are read along to save a question. 0 where the meter refuses those that it does not have.
    public var gap: Int
    public var pauseMilliseconds: Int
    public var answerMilliseconds: Int

    public init(_ fields: Fields) {
        mostRegisters = fields.integer("mostRegisters", 2...125, default: 60, "Most registers in one question.")
        gap = fields.integer(
            "gap",
            0...100,
            default: 0,
            "So many registers that nobody wants may be read along. 0 where the meter refuses those that it does not have."
        )
        pauseMilliseconds = fields.integer(
            "pauseMilliseconds",
            0...2000,
            default: 60,
            unit: "ms",
            "Least pause before a question."
        )
        answerMilliseconds = fields.integer(
            "answerMilliseconds",
            50...10_000,
            default: 500,
            unit: "ms",
            "How long an answer may take."
        )
    }
}

/// Where the serial number stands.
public struct MeterSerialNumber: SiteReadable, Equatable, Sendable {
    /// 3 or 4.
    public var function: Int
    public var address: UInt16
    /// 1…16.
    public var count: Int
    /// Characters, two in a register; a number else.
    public var isText: Bool

    public init(_ fields: Fields) {
        function = fields.number("function", of: [3, 4], "The Modbus function that reads it.")
        address = fields.address("address", "Its first register.")
        count = fields.integer("registers", 1...16, default: 2, "How many registers.")
        isText = fields.truth("text", default: false, "Whether it is spelled in characters, two in a register.")
        if Int(address) + count > 0x10000 {
            fields.note("address", "the serial number ends behind the last register")
        }
    }
}
