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

    /// What its driver needs for itself.
    var claims: [DriverClaim] = []

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
        claims = known.read(Fields(settings, at: path, reading))
    }
}
