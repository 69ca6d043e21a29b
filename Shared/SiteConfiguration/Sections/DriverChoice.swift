public import JSON

/// A device's driver: its name (`"simulated"`), or an object that has the name and what the driver needs to know
/// (`{"driver": "modbus", …}`). The driver's owner judges the other members.
public struct DriverChoice: Decodable, Equatable, Sendable {
    /// The driver that is no hardware at all.
    public static let simulated = "simulated"

    /// 1…40 characters.
    public var driver: String
    /// Every other member; see `SiteFile.settings(of:as:)`.
    public var settings: JSONObject
    /// Where in the file it stands, for errors: `connectors[0].pilot`.
    public var path: String

    private enum CodingKeys: String, CodingKey { case driver }

    /// - Throws: `DecodingError` with the path and what was expected.
    public init(from decoder: any Decoder) throws {
        path = JSON.describe(path: decoder.codingPath)
        switch try JSONValue(from: decoder) {
        case .string(let name):
            guard (1...40).contains(name.count) else {
                let problem = "expected the name of a driver, 1…40 characters"
                throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: problem))
            }
            driver = name
            settings = JSONObject()
        case .object(var object):
            driver = try Fields(decoder, keyedBy: CodingKeys.self).text(.driver, 1...40)
            object[CodingKeys.driver.rawValue] = nil
            settings = object
        case .null, .bool, .number, .array:
            let problem = "expected the name of a driver, or an object with \"driver\" in it"
            throw DecodingError.typeMismatch(
                DriverChoice.self,
                .init(codingPath: decoder.codingPath, debugDescription: problem)
            )
        }
    }
}
