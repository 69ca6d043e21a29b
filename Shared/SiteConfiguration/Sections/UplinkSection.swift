/// One element of `uplinks`: a way to the network.
public struct UplinkSection: SiteReadable, Equatable, Sendable {
    public enum Driver: String, SiteChoice, Sendable {
        /// Somebody else keeps it up; it counts as up while the interface has an address.
        case `static`
        /// Cut and mended by request.
        case simulated

        var about: String {
            switch self {
            case .static: "somebody else keeps it up; it counts as up while the interface has an address"
            case .simulated: "cut and mended by request"
            }
        }
    }

    /// Unique.
    public var name: String
    public var driver: Driver
    /// Network interface; nil for any that is not the loopback.
    public var interface: String?

    /// What a file without the section means.
    static let standard = UplinkSection(name: "network", driver: .static, interface: nil)

    private init(name: String, driver: Driver, interface: String?) {
        self.name = name
        self.driver = driver
        self.interface = interface
    }

    public init(_ fields: Fields) {
        name = fields.text("name", 1...20, "Unique among the uplinks.")
        driver = fields.choice("driver", "Who keeps it up.")
        interface = fields.optionalText("interface", 1...15, "Default: any that is not the loopback.")
    }
}
