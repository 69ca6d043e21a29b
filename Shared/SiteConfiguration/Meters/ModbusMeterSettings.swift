internal import Primitives

/// A meter on a serial line, as its device in the site's file says: the driver `modbus-rtu`.
public struct ModbusSerialSettings: DriverSettings, Equatable {
    public static let driver = "modbus-rtu"

    public var line: SerialLineSettings
    public var meter: MeterChoice

    public init(_ fields: Fields) {
        line = SerialLineSettings(fields, standard: LineSettings(baud: 9600))
        meter = MeterChoice(fields, units: 1...247)
    }

    public var claims: [DriverClaim] { [line.claim(of: Self.driver, address: "unit \(meter.unit)")] }
}

/// A meter behind a network address: the driver `modbus-tcp`.
public struct ModbusNetworkSettings: DriverSettings, Equatable {
    public static let driver = "modbus-tcp"

    /// A name or an address.
    public var host: String
    public var port: Int
    public var meter: MeterChoice

    public init(_ fields: Fields) {
        host = fields.text("host", 1...255, "The name or the address of the meter, or of the gateway to it.")
        port = fields.integer("port", 1...65_535, default: 502, "Its TCP port.")
        meter = MeterChoice(fields, units: 0...255)
    }

    public var claims: [DriverClaim] {
        [DriverClaim("\(host):\(port)", manner: Self.driver, address: "unit \(meter.unit)")]
    }
}

/// Which meter it is.
public struct MeterChoice: Equatable, Sendable {
    /// The name of a description: the file `meters/<type>.json`.
    public var type: String
    /// Its address on the line.
    public var unit: Int

    private static let typeLength = 1...40

    /// Whether a text may be the name of a description, and so part of the name of a file.
    public static func isType(_ text: String) -> Bool {
        typeLength.contains(text.unicodeScalars.count) && TextForm.meterType.problem(text) == nil
    }

    init(_ fields: Fields, units: ClosedRange<Int>) {
        type = fields.text(
            "type",
            Self.typeLength,
            form: .meterType,
            "The description of the meter: sdm120, sdm630, em340, orno-we-515, …, or the name of a file in the folder "
                + "meters beside this one, without its ending."
        )
        unit = fields.integer("unit", units, default: 1, "Its Modbus address.")
    }
}

extension TextForm {
    /// A name that is part of the name of a file, and nothing else.
    static let meterType = TextForm(pattern: "^[A-Za-z0-9][A-Za-z0-9_.-]*$") { text in
        let isLetter = { (byte: UInt8) in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        }
        let isRight =
            text.utf8.first.map(isLetter) == true && text.utf8.allSatisfy { isLetter($0) || "_.-".utf8.contains($0) }
        return isRight ? nil : "expected the name of a description: letters, digits, dots and dashes"
    }
}
