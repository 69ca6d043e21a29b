internal import JSON

/// Every member that the file may have.
public enum SiteSection: String, CaseIterable, Sendable {
    case station, centralSystem, ocpp, connectors, mainMeter, readers, permit, powerLoss, reset, uplinks,
        allowSimulation
    case simulation

    /// Reads the section of the file behind `root`, for its mistakes and its description.
    func read(_ root: Fields) {
        switch self {
        case .station: _ = root.station()
        case .centralSystem: _ = root.centralSystem()
        case .ocpp: _ = root.ocppDefaults()
        case .connectors:
            _ = root.connectors()
            root.checkClaims()
        case .mainMeter: _ = root.mainMeter()
        case .readers: _ = root.readers()
        case .permit: _ = root.permit()
        case .powerLoss: _ = root.powerLoss()
        case .reset: _ = root.reset()
        case .uplinks: _ = root.uplinks()
        case .allowSimulation: _ = root.allowSimulation()
        case .simulation: _ = root.simulation()
        }
    }
}

/// Reading each section, with the checks that reach beyond one element of it.
extension Fields {
    func station() -> StationSection {
        object("station", required: true, "Who the charge point says it is in BootNotification.")
    }

    func centralSystem() -> CentralSystemSection? {
        optionalObject("centralSystem", "Where the charge point connects to, and with how much patience.")
    }

    func ocppDefaults() -> [String: String] {
        keys("ocpp", "Defaults of OCPP configuration keys for this site, in force until a key is set.")
    }

    func allowSimulation() -> Bool {
        truth(
            "allowSimulation",
            default: false,
            "Whether simulated devices are allowed: never where a car is connected."
        )
    }

    func connectors() -> [ConnectorSection] {
        let connectors: [ConnectorSection] =
            objects("connectors", 1...SiteFile.maximumDevices, required: true, "The connectors and their devices.")
            ?? []
        for (index, connector) in connectors.enumerated() {
            let path = "connectors[\(index)]"
            if isRight("\(path).id") {
                let isWithin = (1...connectors.count).contains(connector.id)
                if !isWithin {
                    let range = "1…\(connectors.count), as there are \(connectors.count) connectors"
                    note("\(path).id", "expected \(range), found \(connector.id)")
                } else if connectors.firstIndex(where: { $0.id == connector.id }) != index {
                    note("\(path).id", "connector \(connector.id) is there twice")
                }
            }
            for device in connector.devices { checkSimulation(device.choice) }
        }
        return connectors
    }

    func mainMeter() -> MainMeterSection? {
        let section: MainMeterSection? = optionalObject("mainMeter", "The meter between the grid and all connectors.")
        if let section { checkSimulation(section.meter) }
        return section
    }

    /// A reader of no connectors in particular is one of all.
    func readers() -> [ReaderSection] {
        var readers: [ReaderSection] = objects("readers", 0...SiteFile.maximumDevices, "The card readers.") ?? []
        // Whatever is wrong with the connectors themselves is told there.
        let connectorIds = Array(1..<(member("connectors")?.asArray?.count ?? 0) + 1)
        for (index, reader) in readers.enumerated() {
            let path = "readers[\(index)]"
            if isRight("\(path).id"), readers.firstIndex(where: { $0.id == reader.id }) != index {
                note("\(path).id", "reader \(reader.id) is there twice")
            }
            if !connectorIds.isEmpty { check(reader.connectorIds, of: path, among: connectorIds) }
            checkSimulation(reader.driver)
            if reader.connectorIds.isEmpty { readers[index].connectorIds = connectorIds }
        }
        return readers
    }

    private func check(_ ids: [Int], of path: String, among connectorIds: [Int]) {
        // Positions are those of the file as long as each of the list could be read.
        for (position, id) in ids.enumerated() where isRight("\(path).connectors[\(position)]") {
            if !connectorIds.contains(id) {
                note("\(path).connectors[\(position)]", "there is no connector \(id)")
            } else if ids.firstIndex(of: id) != position {
                note("\(path).connectors[\(position)]", "connector \(id) is there twice")
            }
        }
    }

    func uplinks() -> [UplinkSection] {
        let about = "The ways to the network, the preferred one first. Default: whatever interface has an address."
        guard let uplinks: [UplinkSection] = objects("uplinks", 1...SiteFile.maximumDevices, about) else {
            return [.standard]
        }
        for (index, uplink) in uplinks.enumerated() {
            let path = "uplinks[\(index)]"
            if isRight("\(path).name"), uplinks.firstIndex(where: { $0.name == uplink.name }) != index {
                note("\(path).name", "uplink \(uplink.name) is there twice")
            }
            checkSimulation(uplink.driver)
        }
        return uplinks
    }

    func permit() -> PermitSection { object("permit", "The lease under which energy flows.") }

    func powerLoss() -> PowerLossSection {
        object("powerLoss", "What becomes of a transaction when the machine goes off while it runs.")
    }

    func reset() -> ResetSection {
        object("reset", "How much of the machine a Reset of the central system starts anew.")
    }

    func simulation() -> SimulationSection { object("simulation", "The world in front of simulated devices.") }

    /// No port and no address belongs to two devices, wherever in the file they stand.
    func checkClaims() {
        guard reading.unknownKeys == .refused, !reading.isDescribing else { return }
        check(claimants)
    }

    /// The same among devices that one service reads: two that drive one modem would try a wrong PIN twice.
    func checkClaims(of choices: [DriverChoice]) {
        check(choices.map { DriverClaim.Claimant(path: $0.path, claims: $0.claims) })
    }

    private func check(_ claimants: [DriverClaim.Claimant]) {
        for conflict in DriverClaim.conflicts(among: claimants) { reading.note(conflict.path, conflict.problem) }
    }

    /// All devices with what they need. A look of its own: what is wrong with the devices themselves is told where they are read.
    var claimants: [DriverClaim.Claimant] {
        let look = Fields(object, at: "", Reading(file: reading.file, unknownKeys: .ignored))
        var claimants = look.connectors().flatMap { connector in
            // Where a socket's proximity contact is read along with the pilot, it is one device and one entry.
            connector.devices.filter { $0.device != .proximity || connector.further.proximity != nil }.map(\.choice)
        }
        if let mainMeter = look.mainMeter() { claimants.append(mainMeter.meter) }
        claimants += look.readers().map(\.driver)
        claimants += look.uplinks().map(\.driver)
        return claimants.map { DriverClaim.Claimant(path: $0.path, claims: $0.claims) }
    }

    private func checkSimulation(_ choice: DriverChoice) {
        if choice.driver == DriverChoice.simulated { checkSimulation(at: choice.namePath) }
    }

    private func checkSimulation(at path: String) {
        let value = member("allowSimulation") ?? false
        guard let isAllowed = value.asBool else {
            return note("allowSimulation", "expected true or false, found \(value.excerpt)")
        }
        guard !isAllowed else { return }
        note(
            path,
            "a simulated device is refused: name the real driver, or set \"allowSimulation\": true on a charger "
                + "that no car is ever connected to"
        )
    }
}
