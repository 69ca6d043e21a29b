public import JSON

/// The sections as the services read them. What is wrong is thrown, the first mistake of each section; `mistakes` has all.
extension SiteFile {
    /// Most connectors, and most readers, of one charger.
    public static let maximumDevices = 32

    /// Who the charge point is. Required.
    /// - Throws: a `SiteFileError`.
    public func station() throws(SiteFileError) -> StationSection { try reading { $0.station() } }

    /// The central system; nil for a charger that has none yet.
    /// - Throws: a `SiteFileError`.
    public func centralSystem() throws(SiteFileError) -> CentralSystemSection? { try reading { $0.centralSystem() } }

    /// Defaults of OCPP configuration keys for this site, as OCPP writes them: key to text. Whoever owns the keys checks them.
    /// - Throws: a `SiteFileError` for a value that is neither a text nor a number nor true or false.
    public func ocppDefaults() throws(SiteFileError) -> [String: String] { try reading { $0.ocppDefaults() } }

    /// Whether simulated devices are allowed. Default: no.
    /// - Throws: a `SiteFileError`.
    public func allowSimulation() throws(SiteFileError) -> Bool { try reading { $0.allowSimulation() } }

    /// The connectors, ordered by id. Required: at least one, ids 1…n without gaps (OCPP 1.6 §3.8).
    /// - Throws: a `SiteFileError`, also for a simulated device that is not allowed.
    public func connectors(unknownKeys: JSON.UnknownKeys = .refused) throws(SiteFileError) -> [ConnectorSection] {
        try reading(unknownKeys) { $0.connectors() }.sorted { $0.id < $1.id }
    }

    /// The main meter; nil where there is none.
    /// - Throws: a `SiteFileError`, also for a simulated one that is not allowed.
    public func mainMeter() throws(SiteFileError) -> MainMeterSection? { try reading { $0.mainMeter() } }

    /// The card readers, ordered by id; none by default.
    /// - Throws: a `SiteFileError`, also for a reader of connectors that do not exist, or a simulated one that is not allowed.
    public func readers(unknownKeys: JSON.UnknownKeys = .refused) throws(SiteFileError) -> [ReaderSection] {
        try reading(unknownKeys) { $0.readers() }.sorted { $0.id < $1.id }
    }

    /// The ways to the network, the preferred one first. Default: one static uplink over whatever interface has an address.
    /// - Throws: a `SiteFileError`, also for two of one name, two that need the same port or modem, or a simulated one that is not allowed.
    public func uplinks() throws(SiteFileError) -> [UplinkSection] {
        try reading { fields in
            let uplinks = fields.uplinks()
            fields.checkClaims(of: uplinks.map(\.driver))
            return uplinks
        }
    }

    /// How long permits last and when they are renewed.
    /// - Throws: a `SiteFileError`.
    public func permit() throws(SiteFileError) -> PermitSection { try reading { $0.permit() } }

    /// What becomes of transactions when the machine goes off.
    /// - Throws: a `SiteFileError`.
    public func powerLoss() throws(SiteFileError) -> PowerLossSection { try reading { $0.powerLoss() } }

    /// How much of the machine a Reset starts anew.
    /// - Throws: a `SiteFileError`.
    public func reset() throws(SiteFileError) -> ResetSection { try reading { $0.reset() } }

    /// The simulated world; its defaults when the file does not speak of it.
    /// - Throws: a `SiteFileError`.
    public func simulation() throws(SiteFileError) -> SimulationSection { try reading { $0.simulation() } }
}
