internal import BusSchema
internal import ModemProtocol
internal import ServiceHost
internal import SiteConfiguration
internal import UplinkCore

extension UplinkConfiguration.Uplink {
    /// The table of the kinds of uplinks, beside that of their settings (`[SiteDriver].uplinks`).
    /// - Throws: `SiteFileError` for settings that do not fit.
    init(_ section: UplinkSection, number: Int, _ site: SiteFile, _ host: ServiceHost) throws {
        let carrier: any Carrier
        var complaint: String?
        switch section.driver.driver {
        case DriverChoice.simulated: carrier = SimulatedCarrier()
        case "static": carrier = InterfaceCarrier(interface: section.interface)
        case ModemCarrier.kind:
            let modem = try site.settings(of: section.driver, as: ModemUplinkSection.self)
            let access = AccessMaking(number: number, runtimeFolder: host.makeRuntimeFolder(), log: host.log)
            let making = ModemMaking(
                section: modem,
                interface: section.interface ?? (modem.connection == .ppp ? "ppp\(number)" : ""),
                number: number,
                name: section.name,
                access: access
            )
            carrier = making.carrier()
            complaint = access.complaint
        case MMCLICarrier.kind:
            let access = AccessMaking(number: number, runtimeFolder: host.makeRuntimeFolder(), log: host.log)
            let others = try site.uplinks().filter { $0.name != section.name }
            let making = MMCLIMaking(
                section: try site.settings(of: section.driver, as: MMCLIUplinkSection.self),
                callInterface: section.interface ?? "ppp\(number)",
                interfacesOfOthers: Set(others.compactMap(\.interface)),
                number: number,
                name: section.name,
                access: access
            )
            carrier = making.carrier()
            complaint = access.complaint
        default: throw site.failure(at: section.driver.namePath, "modem-manager has no such driver")
        }
        self.init(
            name: section.name,
            carrier: carrier,
            budget: section.monthlyMegabytes.map {
                DataBudget(monthlyBytes: Int64($0) * 1_000_000, billingDay: section.billingDay)
            },
            mayRebootHost: section.rebootHost,
            complaint: complaint
        )
    }
}

extension CarrierHands.Needs {
    /// What a kind of uplink needs of the operating system; nil where it orders nothing.
    /// - Throws: `SiteFileError` for settings that do not fit.
    init?(_ section: UplinkSection, number: Int, _ site: SiteFile) throws {
        // Behind those of cables and of Wi-Fi, in the order of the file.
        let metric = UInt32(700 + number)
        switch section.driver.driver {
        case ModemCarrier.kind:
            let modem = try site.settings(of: section.driver, as: ModemUplinkSection.self)
            let line = Line(path: modem.port, baud: modem.baud)
            self.init(uplink: section.name, line: line, pins: modem.pins.made, metric: metric)
            fingerprint = modem.fingerprint(interface: section.interface, number: number)
            findsInterface = modem.connection == .networkInterface && section.interface == nil
        case MMCLICarrier.kind:
            let modem = try site.settings(of: section.driver, as: MMCLIUplinkSection.self)
            self.init(uplink: section.name, line: nil, pins: modem.pins.made, metric: metric)
            fingerprint = modem.fingerprint(interface: section.interface, number: number)
            givesAddresses = true
        default: return nil
        }
    }
}
