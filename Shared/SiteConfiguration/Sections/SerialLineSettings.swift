public import Primitives

/// A serial port, as the drivers of devices on one ask for it: members of the device, beside the name of its driver.
public struct SerialLineSettings: Equatable, Sendable {
    enum Parity: String, SiteChoice {
        case none, even, odd

        var about: String { self == .none ? "no parity bit" : "\(rawValue) parity" }
    }

    /// `/dev/serial/by-id/…`: numbers of ports move when one is plugged again.
    public var port: String
    public var line: LineSettings
    /// The kernel drives the transmitter of an RS-485 line (`TIOCSRS485`); USB adapters do that by themselves.
    public var isRS485: Bool
    /// The adapter gives back what is sent; exactly that is dropped.
    public var ignoresEcho: Bool

    /// Reads `port`, `baud`, `parity`, `stopBits`, `rs485` and `ignoreEcho`.
    /// - Parameters:
    ///   - fields: Of the device.
    ///   - standard: What counts where the file says nothing.
    public init(_ fields: Fields, standard: LineSettings) {
        port = fields.text(
            "port",
            2...200,
            form: .absolutePath,
            "The serial port, by a name that stays: /dev/serial/by-id/…"
        )
        let baud = fields.integer("baud", 300...4_000_000, default: standard.baud, unit: "bit/s", "Speed of the line.")
        let parity: Parity = fields.choice(
            "parity",
            default: Parity(rawValue: standard.parity.rawValue) ?? Parity.none,
            "Of each character."
        )
        let stopBits = fields.integer("stopBits", 1...2, default: standard.stopBits, "After each character.")
        line = LineSettings(
            baud: baud,
            parity: LineSettings.Parity(rawValue: parity.rawValue) ?? LineSettings.Parity.none,
            dataBits: standard.dataBits,
            stopBits: stopBits
        )
        isRS485 = fields.truth(
            "rs485",
            default: false,
            "Whether the kernel switches the transmitter of an RS-485 line. USB adapters do it by themselves."
        )
        ignoresEcho = fields.truth("ignoreEcho", default: false, "Whether the adapter gives back what is sent.")
    }

    /// The port, shared by all devices of one driver with the same speed.
    /// - Parameters:
    ///   - driver: Its name.
    ///   - address: What tells the device from others on the line; nil when it is there alone.
    /// - Returns: What the device needs.
    public func claim(of driver: String, address: String?) -> DriverClaim {
        guard let address else { return DriverClaim(port) }
        return DriverClaim(port, manner: "\(driver) at \(words)", address: address)
    }

    /// `9600 8E1`.
    var words: String {
        "\(line.baud) \(line.dataBits)\(line.parity.rawValue.prefix(1).uppercased())\(line.stopBits)"
            + (isRS485 ? " rs485" : "") + (ignoresEcho ? " with echo" : "")
    }
}

extension TextForm {
    /// A path from the root of the file system.
    public static let absolutePath = TextForm(pattern: "^/.+") { text in
        text.hasPrefix("/") ? nil : "expected a path that begins with /"
    }
}
