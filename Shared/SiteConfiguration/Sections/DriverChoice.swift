public import JSON
internal import Primitives

/// A device's driver: its name (`"simulated"`), or an object that has the name and what the driver needs to know
/// (`{"driver": "modbus", …}`).
public struct DriverChoice: Equatable, Sendable {
    /// The driver that is no hardware at all.
    public static let simulated = "simulated"

    /// 1…40 characters.
    public var driver: String
    /// Every other member; see `SiteFile.settings(of:as:)`.
    public var settings: JSONObject
    /// Where in the file the device stands: `connectors[0].pilot`.
    public var path: String
    /// Where its driver's name stands: `connectors[0].pilot.driver` in an object.
    public var namePath: String

    /// - Parameters:
    ///   - value: What the file has there.
    ///   - drivers: Those that may stand there.
    ///   - path: Of `value`.
    ///   - reading: Hears of what is wrong; nil when nothing is to be heard.
    init(_ value: JSONValue, _ drivers: [SiteDriver], at path: String, _ reading: Reading?) {
        self.path = path
        driver = ""
        settings = JSONObject()
        namePath = path
        var name = value.asString
        if var object = value.asObject {
            namePath = "\(path).driver"
            guard let member = object["driver"] else {
                reading?.note(namePath, "required, but missing")
                return
            }
            name = member.asString
            object["driver"] = nil
            settings = object
        }
        guard let name, (1...40).contains(name.unicodeScalars.count) else {
            reading?.note(
                namePath,
                value.asObject == nil
                    ? "expected the name of a driver, or an object with \"driver\" in it"
                    : "expected the name of a driver, 1…40 characters"
            )
            return
        }
        driver = name
        guard let reading else { return }
        guard let known = drivers.first(where: { $0.name == name }) else {
            guard reading.unknownKeys == .refused else { return }
            let names = drivers.map(\.name)
            let hint = NearestName.of(name, in: names).map { "; did you mean \"\($0)\"?" } ?? ""
            let expected = names.map { "\"\($0)\"" }.joined(separator: " or ")
            reading.note(
                namePath,
                "there is no driver \(JSONValue.string(name).excerpt) in this version, expected \(expected)\(hint)"
            )
            return
        }
        known.check(Fields(settings, at: path, reading))
    }
}

/// A driver that this version has, and what it needs to know.
public struct SiteDriver: Sendable {
    public let name: String
    public let about: String
    /// Its settings beside the name.
    public let shape: @Sendable () -> SiteShape
    let check: @Sendable (Fields) -> Void

    /// A driver by its name, with the type of what stands beside that.
    init<Settings: SiteReadable>(_ name: String, _ settings: Settings.Type, _ about: String) {
        self.name = name
        self.about = about
        shape = { Settings.shape }
        check = { fields in
            _ = Settings(fields)
            fields.end()
        }
    }

    /// No hardware at all.
    static let simulated = SiteDriver(DriverChoice.simulated, NoSettings.self, "no hardware at all")
    /// No network at all.
    static let simulatedUplink = SiteDriver(DriverChoice.simulated, NoSettings.self, "cut and mended by request")
    /// An uplink that is not ours to keep up.
    static let `static` = SiteDriver(
        "static",
        NoSettings.self,
        "somebody else keeps it up; it counts as up while the interface has an address"
    )
    /// No device.
    static let none = SiteDriver("none", NoSettings.self, "there is none")
}

extension [SiteDriver] {
    /// Of every device but locks. A new driver gets its line here; hardware-io makes it.
    static let hardware: [SiteDriver] = [.simulated]
    static let locks: [SiteDriver] = [.none, .simulated]
    /// Of uplinks. A new kind gets its line here; modem-manager makes its carrier.
    static let uplinks: [SiteDriver] = [.static, .simulatedUplink]
}

/// Of a driver that has nothing to know.
public struct NoSettings: SiteReadable {
    public init(_ fields: Fields) {}
}
