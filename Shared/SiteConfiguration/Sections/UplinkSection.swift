/// One element of `uplinks`: a way to the network.
public struct UplinkSection: Decodable, Equatable, Sendable {
    public enum Driver: String, CaseIterable, Sendable {
        /// Somebody else keeps it up; it counts as up while the interface has an address.
        case `static`
        /// Cut and mended by request.
        case simulated
    }

    /// Required, unique, 1…20 characters.
    public var name: String
    /// Required.
    public var driver: Driver
    /// Network interface, 1…15 characters. Default: any that is not the loopback.
    public var interface: String?

    /// What a file without the section means.
    static let standard = UplinkSection(name: "network", driver: .static, interface: nil)

    private init(name: String, driver: Driver, interface: String?) {
        self.name = name
        self.driver = driver
        self.interface = interface
    }

    private enum CodingKeys: String, CodingKey { case name, driver, interface }

    /// - Throws: `DecodingError` with the path and what was expected.
    public init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder, keyedBy: CodingKeys.self)
        name = try fields.text(.name, 1...20)
        driver = try fields.choice(.driver)
        interface = try fields.optionalText(.interface, 1...15)
    }
}
