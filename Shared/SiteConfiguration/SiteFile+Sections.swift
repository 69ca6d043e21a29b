public import JSON

/// The sections, each with its defaults and the checks that reach beyond one value.
extension SiteFile {
    /// Most connectors, and most readers, of one charger.
    public static let maximumDevices = 32

    /// Who the charge point is. Required.
    /// - Throws: a `SiteFileError`.
    public func station() throws(SiteFileError) -> StationSection {
        guard let station = try section(.station, as: StationSection.self) else {
            throw failure(at: "station", "required, but missing")
        }
        return station
    }

    /// The central system; nil for a charger that has none yet.
    /// - Throws: a `SiteFileError`.
    public func centralSystem() throws(SiteFileError) -> CentralSystemSection? {
        guard let section = try section(.centralSystem, as: CentralSystemSection.self) else { return nil }
        guard section.reconnectMinimumSeconds <= section.reconnectMaximumSeconds else {
            throw failure(
                at: "centralSystem.reconnectMinimumSeconds",
                "expected at most reconnectMaximumSeconds (\(section.reconnectMaximumSeconds)), "
                    + "found \(section.reconnectMinimumSeconds)"
            )
        }
        return section
    }

    /// Defaults of OCPP configuration keys for this site, as OCPP writes them: key to text. Whoever owns the keys checks them.
    /// - Throws: a `SiteFileError` for a value that is neither a text nor a number nor true or false.
    public func ocppDefaults() throws(SiteFileError) -> [String: String] {
        guard let values = try section(.ocpp, as: [String: JSONValue].self) else { return [:] }
        var defaults: [String: String] = [:]
        for (key, value) in values.sorted(by: { $0.key < $1.key }) {
            switch value {
            case .string(let text): defaults[key] = text
            case .number(let number): defaults[key] = number.text
            case .bool(let flag): defaults[key] = flag ? "true" : "false"
            case .null, .array, .object:
                throw failure(at: "ocpp.\(key)", "expected a text, a number, true or false")
            }
        }
        return defaults
    }

    /// Whether simulated devices are allowed. Default: no.
    /// - Throws: a `SiteFileError`.
    public func allowSimulation() throws(SiteFileError) -> Bool {
        try section(.allowSimulation, as: Bool.self) ?? false
    }

    /// The connectors, ordered by id. Required: at least one, ids 1…n without gaps (OCPP 1.6 §3.8).
    /// - Throws: a `SiteFileError`, also for a simulated device that is not allowed.
    public func connectors(unknownKeys: JSON.UnknownKeys = .refused) throws(SiteFileError) -> [ConnectorSection] {
        let found = try section(.connectors, as: [ConnectorSection].self, unknownKeys: unknownKeys)
        guard let connectors = found, !connectors.isEmpty else {
            throw failure(at: "connectors", "expected a list of at least one connector")
        }
        try checkCount(connectors.count, "connectors")
        for (index, connector) in connectors.enumerated() {
            let path = "connectors[\(index)]"
            guard (1...connectors.count).contains(connector.id) else {
                throw failure(
                    at: "\(path).id",
                    "expected 1…\(connectors.count), as there are \(connectors.count) connectors, found \(connector.id)"
                )
            }
            guard connectors.firstIndex(where: { $0.id == connector.id }) == index else {
                throw failure(at: "\(path).id", "connector \(connector.id) is there twice")
            }
            if connector.cable == .fixed, let lock = connector.lock {
                throw failure(at: lock.path, "a fixed cable has no lock: expected \"none\"")
            }
            for driver in connector.drivers { try checkSimulation(driver.driver, at: driver.path + ".driver") }
        }
        return connectors.sorted { $0.id < $1.id }
    }

    /// The main meter; nil where there is none.
    /// - Throws: a `SiteFileError`, also for a simulated one that is not allowed.
    public func mainMeter() throws(SiteFileError) -> MainMeterSection? {
        guard let meter = try section(.mainMeter, as: MainMeterSection.self) else { return nil }
        try checkSimulation(meter.meter.driver, at: meter.meter.path + ".driver")
        return meter
    }

    /// The card readers, ordered by id; none by default.
    /// - Throws: a `SiteFileError`, also for a reader of connectors that do not exist, or a simulated one that is not allowed.
    public func readers(unknownKeys: JSON.UnknownKeys = .refused) throws(SiteFileError) -> [ReaderSection] {
        var readers = try section(.readers, as: [ReaderSection].self, unknownKeys: unknownKeys) ?? []
        try checkCount(readers.count, "readers")
        let connectorIds = try connectors(unknownKeys: .ignored).map(\.id)
        for index in readers.indices {
            let reader = readers[index]
            let path = "readers[\(index)]"
            guard readers.firstIndex(where: { $0.id == reader.id }) == index else {
                throw failure(at: "\(path).id", "reader \(reader.id) is there twice")
            }
            for (position, connectorId) in reader.connectorIds.enumerated() {
                let place = "\(path).connectors[\(position)]"
                guard connectorIds.contains(connectorId) else {
                    throw failure(at: place, "there is no connector \(connectorId)")
                }
                guard reader.connectorIds.firstIndex(of: connectorId) == position else {
                    throw failure(at: place, "connector \(connectorId) is there twice")
                }
            }
            if reader.connectorIds.isEmpty { readers[index].connectorIds = connectorIds }
            try checkSimulation(reader.driver.driver, at: "\(path).driver")
        }
        return readers.sorted { $0.id < $1.id }
    }

    /// The ways to the network, the preferred one first. Default: one static uplink over whatever interface has an address.
    /// - Throws: a `SiteFileError`, also for two of one name, or a simulated one that is not allowed.
    public func uplinks() throws(SiteFileError) -> [UplinkSection] {
        guard let uplinks = try section(.uplinks, as: [UplinkSection].self) else { return [UplinkSection.standard] }
        guard !uplinks.isEmpty else { throw failure(at: "uplinks", "expected a list of at least one uplink") }
        try checkCount(uplinks.count, "uplinks")
        for (index, uplink) in uplinks.enumerated() {
            guard uplinks.firstIndex(where: { $0.name == uplink.name }) == index else {
                throw failure(at: "uplinks[\(index)].name", "uplink \(uplink.name) is there twice")
            }
            if uplink.driver == .simulated { try checkSimulation("simulated", at: "uplinks[\(index)].driver") }
        }
        return uplinks
    }

    /// How long permits last and when they are renewed.
    /// - Throws: a `SiteFileError`.
    public func permit() throws(SiteFileError) -> PermitSection {
        guard let permit = try section(.permit, as: PermitSection.self) else { return PermitSection() }
        guard permit.renewSeconds * 2 <= permit.leaseSeconds else {
            throw failure(
                at: "permit.renewSeconds",
                "expected at most half of leaseSeconds (\(permit.leaseSeconds)), so that one lost renewal does no harm, "
                    + "found \(permit.renewSeconds)"
            )
        }
        return permit
    }

    /// What becomes of transactions when the machine goes off.
    /// - Throws: a `SiteFileError`.
    public func powerLoss() throws(SiteFileError) -> PowerLossSection {
        try section(.powerLoss, as: PowerLossSection.self) ?? PowerLossSection()
    }

    /// The simulated world; its defaults when the file does not speak of it.
    /// - Throws: a `SiteFileError`.
    public func simulation() throws(SiteFileError) -> SimulationSection {
        try section(.simulation, as: SimulationSection.self) ?? SimulationSection()
    }

    private func checkCount(_ count: Int, _ section: String) throws(SiteFileError) {
        guard count <= Self.maximumDevices else {
            throw failure(at: section, "expected at most \(Self.maximumDevices), found \(count)")
        }
    }

    private func checkSimulation(_ driver: String, at path: String) throws(SiteFileError) {
        guard driver == DriverChoice.simulated, try !allowSimulation() else { return }
        throw failure(
            at: path,
            "a simulated device is refused: name the real driver, or set \"allowSimulation\": true on a charger "
                + "that no car is ever connected to"
        )
    }
}
