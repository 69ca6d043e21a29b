internal import Primitives

/// Of a PN532.
public struct PN532Settings: DriverSettings {
    public var line: SerialLineSettings

    public init(_ fields: Fields) { line = SerialLineSettings(fields, standard: LineSettings(baud: 115_200)) }

    public var claims: [DriverClaim] { [line.claim(of: "pn532", address: nil)] }
}

/// Of a reader of 125 kHz fobs.
public struct RDM6300Settings: DriverSettings {
    public var line: SerialLineSettings
    /// Whether the first of the five bytes of a fob belongs to its number.
    public var hasCustomerByte: Bool

    public init(_ fields: Fields) {
        line = SerialLineSettings(fields, standard: LineSettings(baud: 9600))
        hasCustomerByte = fields.truth(
            "customerByte",
            default: true,
            "Whether the first byte of a fob belongs to its number. The decimal number that is printed on it is that of the other four."
        )
    }

    public var claims: [DriverClaim] { [line.claim(of: "rdm6300", address: nil)] }
}

/// Of a reader that prints the UID and a line end.
public struct TWN4Settings: DriverSettings {
    public var line: SerialLineSettings

    public init(_ fields: Fields) { line = SerialLineSettings(fields, standard: LineSettings(baud: 9600)) }

    public var claims: [DriverClaim] { [line.claim(of: "twn4", address: nil)] }
}

/// How a reader prints, where no driver knows it by name.
public struct PrintedLineSettings: SiteReadable, Equatable, Sendable {
    /// What the characters of a number mean.
    public enum Characters: String, SiteChoice, Sendable {
        case uid, digits, hexadecimal, alphanumeric, printable

        var about: String {
            switch self {
            case .uid: "two hexadecimal digits for each byte of the UID, rendered as byteOrder and format say"
            case .digits: "an idTag of digits"
            case .hexadecimal: "an idTag of hexadecimal digits, as it is"
            case .alphanumeric: "an idTag of letters and digits"
            case .printable: "an idTag of anything but spaces"
            }
        }
    }

    public enum Terminator: String, SiteChoice, Sendable {
        case lineEnd, semicolon, tab, silence

        var about: String {
            switch self {
            case .lineEnd: "CR, LF or both; Enter"
            case .semicolon: "a semicolon"
            case .tab: "a tabulator"
            case .silence: "nothing more for 300 ms"
            }
        }
    }

    public var characters: Characters
    public var terminator: Terminator
    /// Printed before the number and no part of it.
    public var printedPrefix: String

    public init(_ fields: Fields) {
        characters = fields.choice("characters", default: .uid, "What the reader prints.")
        terminator = fields.choice("terminator", default: .lineEnd, "What it ends with.")
        printedPrefix = fields.text(
            "printedPrefix",
            0...12,
            default: "",
            "What it prints before the number, and is no part of it; what comes without it is ignored."
        )
    }
}

/// Of a reader that prints lines.
public struct LineReaderSettings: DriverSettings {
    public var line: SerialLineSettings
    public var printed: PrintedLineSettings

    public init(_ fields: Fields) {
        line = SerialLineSettings(fields, standard: LineSettings(baud: 9600))
        printed = PrintedLineSettings(fields)
    }

    public var claims: [DriverClaim] { [line.claim(of: "line-reader", address: nil)] }
}

/// Of a reader that is a keyboard.
public struct KeyboardReaderSettings: DriverSettings {
    /// `/dev/input/by-id/…-event-kbd`.
    public var device: String
    public var printed: PrintedLineSettings

    public init(_ fields: Fields) {
        device = fields.text(
            "device",
            2...200,
            form: .absolutePath,
            "The keyboard that it is, by a name that stays: /dev/input/by-id/…-event-kbd. Nobody else hears its keys."
        )
        printed = PrintedLineSettings(fields)
    }

    public var claims: [DriverClaim] { [DriverClaim(device)] }
}
