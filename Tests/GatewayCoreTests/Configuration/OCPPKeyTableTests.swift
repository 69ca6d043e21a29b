import BusSchema
import OCPP
import Testing

@testable import GatewayCore

@Suite struct OCPPKeyTableTests {
    private let site = KeySite(numberOfConnectors: 1, fixedCable: true, phases: 3)

    // Shows: CORE-CFG-11, CORE-CFG-18, J-CON-16
    /// The values that were certified.
    @Test func theFactoryDefaultsAreThoseOfTheCertificate() throws {
        let table = try OCPPKeyTable(site: site)
        let values = table.declarations.map { "\($0.key)=\($0.defaultValue ?? "-")" }
        #expect(
            values == [
                "AllowOfflineTxForUnknownId=true", "AuthorizationCacheEnabled=false", "AuthorizationKey=-",
                "AuthorizeRemoteTxRequests=true",
                "ClockAlignedDataInterval=0", "ConnectionTimeOut=60", "ConnectorPhaseRotation=NotApplicable",
                "GetConfigurationMaxKeys=20", "HeartbeatInterval=20", "LocalAuthorizeOffline=false",
                "LocalPreAuthorize=false", "MeterValuesAlignedData=Energy.Active.Import.Register",
                "MeterValuesAlignedDataMaxLength=20", "MeterValuesSampledData=Energy.Active.Import.Register",
                "MeterValuesSampledDataMaxLength=20", "MeterValueSampleInterval=20", "NumberOfConnectors=1",
                "ResetRetries=3",
                "StopTransactionMaxMeterValues=20", "StopTransactionOnEVSideDisconnect=true",
                "StopTransactionOnInvalidId=true", "StopTxnAlignedData=", "StopTxnAlignedDataMaxLength=20",
                "StopTxnSampledData=", "StopTxnSampledDataMaxLength=20", "SupportedFeatureProfiles=Core",
                "TransactionMessageAttempts=3", "TransactionMessageRetryInterval=10",
                "UnlockConnectorOnEVSideDisconnect=false", "WebSocketPingInterval=10",
            ]
        )
    }

    /// Security whitepaper §7.6: shown where the site demands something, and nobody can lower it.
    @Test func theSecurityProfileIsShownWhereThereIsOne() throws {
        #expect(try OCPPKeyTable(site: site)["SecurityProfile"] == nil)
        var site = site
        site.security = .tlsWithBasicAuthentication
        let declaration = try #require(try OCPPKeyTable(site: site)["SecurityProfile"])
        #expect(declaration.defaultValue == "2")
        #expect(declaration.access == .readOnly)
    }

    @Test func everyDefaultIsCanonical() throws {
        for declaration in try OCPPKeyTable(site: site).declarations {
            guard let value = declaration.defaultValue else { continue }
            #expect(try declaration.canonical(value) == value)
        }
    }

    // Shows: CORE-TX-22
    /// E §3.85: a fixed cable cannot be unlocked.
    @Test func onlyASocketCanBeToldToUnlockOnEVSideDisconnect() throws {
        let fixed = try OCPPKeyTable(site: site)[.unlockConnectorOnEVSideDisconnect]
        #expect(fixed?.access == .readOnly)
        #expect(fixed?.defaultValue == "false")
        let socket = try OCPPKeyTable(site: KeySite(numberOfConnectors: 2, fixedCable: false, phases: 3))
        #expect(socket[.unlockConnectorOnEVSideDisconnect]?.access == .readWrite)
        #expect(socket[.unlockConnectorOnEVSideDisconnect]?.defaultValue == "true")
    }

    // Shows: CORE-MV-16
    @Test func aSiteDefaultReplacesTheFactorysAndBringsOptionalKeys() throws {
        var site = site
        site.defaults = ["MessageTimeout": "45", "MeterValuesSampledData": "Voltage.L1 , power.active.import"]
        let keys = try OCPPKeyTable(site: site).defaults
        #expect(keys.messageTimeout == .seconds(45))
        #expect(
            keys.meterValuesSampledData == [
                MeasurandSelection(.voltage, phase: .l1), MeasurandSelection(.powerActiveImport),
            ]
        )
        #expect(try OCPPKeyTable(site: self.site).defaults.messageTimeout == nil)
    }

    @Test(arguments: [
        ("Heartbeat", "20", "Heartbeat: is no key of this charger; did you mean \"HeartbeatInterval\"?"),
        ("HeartbeatInterval", "0", "HeartbeatInterval: expected an integer 1…86400 s, found \"0\""),
        ("LocalPreAuthorize", "yes", "LocalPreAuthorize: expected true or false, found \"yes\""),
        ("NumberOfConnectors", "1", "NumberOfConnectors: is read-only: the charger sets it by itself"),
        ("SecurityProfile", "2", "SecurityProfile: is no key of this charger"),
        (
            "AuthorizationKey", "00112233445566778899AABBCCDDEEFF",
            "AuthorizationKey: is a secret, and what stands here is shown to everybody on the bus; "
                + "it belongs to centralSystem.authorizationKeyHex"
        ),
    ])
    func aWrongSiteDefaultIsRefusedInOneLine(key: String, value: String, line: String) {
        var site = site
        site.defaults = [key: value]
        let problem = #expect(throws: Misfit.self) { try OCPPKeyTable(site: site) }
        #expect(problem?.description == line)
    }

    // Shows: CORE-CFG-12, CORE-CFG-15, CORE-CFG-16
    @Test(arguments: [
        (OCPPKeyName.webSocketPingInterval, "-1"), (.webSocketPingInterval, "1.0"), (.webSocketPingInterval, " 5"),
        (.webSocketPingInterval, ""), (.webSocketPingInterval, "99999999999999999999"),
        (.allowOfflineTxForUnknownId, "1"), (.meterValuesSampledData, "SoC.L1"),
        (.meterValuesSampledData, "Voltage,Voltage"), (.meterValuesSampledData, "Voltage, voltage"),
        (.meterValuesSampledData, "Voltage,,Frequency"),
        (.connectorPhaseRotation, "2.RST"),
    ])
    func aValueThatDoesNotFitIsRefused(name: OCPPKeyName, text: String) throws {
        let declaration = try #require(try OCPPKeyTable(site: site)[name])
        #expect(throws: Misfit.self) { try declaration.canonical(text) }
    }

    // Shows: CORE-CFG-12, CORE-CFG-14
    @Test(arguments: [
        (OCPPKeyName.webSocketPingInterval, "007", "7"), (.allowOfflineTxForUnknownId, "FALSE", "false"),
        (.stopTxnSampledData, "  ", ""), (.connectorPhaseRotation, "0.RST, 1.RTS", "0.RST,1.RTS"),
    ])
    func aValueIsBroughtToItsOneSpelling(name: OCPPKeyName, text: String, canonical: String) throws {
        let declaration = try #require(try OCPPKeyTable(site: site)[name])
        #expect(try declaration.canonical(text) == canonical)
    }

    // Shows: CORE-MV-36
    /// OCPP 1.6 §9.1.7: each way of turning phases, for the main meter and each connector, and as a bare word for all.
    @Test func thePhasesOfEveryConnectorCanBeNamed() throws {
        let declaration = try #require(try OCPPKeyTable(site: site)[.connectorPhaseRotation])
        for rotation in ["NotApplicable", "Unknown", "RST", "RTS", "SRT", "STR", "TRS", "TSR"] {
            for text in [rotation, "0.\(rotation)", "1.\(rotation)", "0.\(rotation),1.RST"] {
                #expect(try declaration.canonical(text) == text)
            }
        }
        for text in ["RRR", "1.RRS", "1:RST", "-1.RST", "2.RST"] {
            #expect(throws: Misfit.self) { try declaration.canonical(text) }
        }
    }

    // Shows: CORE-CFG-05
    @Test func keyNamesAreFoundInAnyCase() throws {
        let table = try OCPPKeyTable(site: site)
        #expect(table.name(of: "heartbeatINTERVAL") == .heartbeatInterval)
        #expect(table.name(of: "Heartbeat") == nil)
        #expect(OCPPKeyName.authorizationKey.isNamed(by: "AUTHORIZATIONkey"))
        #expect(!OCPPKeyName.authorizationKey.isNamed(by: "AuthorizationKeys"))
    }

    @Test func everyKeyIsDescribedAndNamedOnce() throws {
        var site = site
        site.defaults = ["MessageTimeout": "45", "MinimumStatusDuration": "1", "MaxEnergyOnInvalidId": "0"]
        let declarations = try OCPPKeyTable(site: site).declarations
        #expect(declarations.count == 33)
        #expect(Set(declarations.map { $0.key.lowercased() }).count == 33)
        #expect(declarations.allSatisfy { $0.description.hasSuffix(".") })
    }

    /// Each row fills its own property: a value that no other key has comes out where it belongs.
    @Test func everyRowFillsItsOwnProperty() throws {
        var site = KeySite(numberOfConnectors: 2, fixedCable: false, phases: 3)
        site.defaults = ["MessageTimeout": "45", "MinimumStatusDuration": "1", "MaxEnergyOnInvalidId": "2"]
        let table = try OCPPKeyTable(site: site)
        func after(_ name: OCPPKeyName, _ text: String) -> CoreKeys {
            var keys = table.defaults
            keys.set(name, canonical: text, in: table)
            return keys.core
        }
        func expected(_ change: (inout CoreKeys) -> Void) -> CoreKeys {
            var core = table.defaults.core
            change(&core)
            return core
        }
        let selection = [MeasurandSelection(.voltage)]
        let rows: [(OCPPKeyName, String, (inout CoreKeys) -> Void)] = [
            ("AllowOfflineTxForUnknownId", "false", { $0.allowOfflineTxForUnknownId = false }),
            ("AuthorizationCacheEnabled", "true", { $0.authorizationCacheEnabled = true }),
            ("AuthorizeRemoteTxRequests", "false", { $0.authorizeRemoteTxRequests = false }),
            ("ClockAlignedDataInterval", "7", { $0.clockAlignedDataInterval = .seconds(7) }),
            ("ConnectionTimeOut", "7", { $0.connectionTimeOut = .seconds(7) }),
            ("HeartbeatInterval", "7", { $0.heartbeatInterval = .seconds(7) }),
            ("LocalAuthorizeOffline", "true", { $0.localAuthorizeOffline = true }),
            ("LocalPreAuthorize", "true", { $0.localPreAuthorize = true }),
            ("MaxEnergyOnInvalidId", "7", { $0.maxEnergyOnInvalidIdWh = 7 }),
            ("MessageTimeout", "7", { $0.messageTimeout = .seconds(7) }),
            ("MeterValuesAlignedData", "Voltage", { $0.meterValuesAlignedData = selection }),
            ("MeterValuesSampledData", "Voltage", { $0.meterValuesSampledData = selection }),
            ("MeterValueSampleInterval", "7", { $0.meterValueSampleInterval = .seconds(7) }),
            ("MinimumStatusDuration", "7", { $0.minimumStatusDuration = .seconds(7) }),
            ("ResetRetries", "7", { $0.resetRetries = 7 }),
            ("StopTransactionOnEVSideDisconnect", "false", { $0.stopTransactionOnEVSideDisconnect = false }),
            ("StopTransactionOnInvalidId", "false", { $0.stopTransactionOnInvalidId = false }),
            ("StopTxnAlignedData", "Voltage", { $0.stopTxnAlignedData = selection }),
            ("StopTxnSampledData", "Voltage", { $0.stopTxnSampledData = selection }),
            ("TransactionMessageAttempts", "7", { $0.transactionMessageAttempts = 7 }),
            ("TransactionMessageRetryInterval", "7", { $0.transactionMessageRetryInterval = .seconds(7) }),
            ("UnlockConnectorOnEVSideDisconnect", "false", { $0.unlockConnectorOnEVSideDisconnect = false }),
            ("WebSocketPingInterval", "7", { $0.webSocketPingInterval = .seconds(7) }),
        ]
        for (name, text, change) in rows {
            #expect(after(name, text) == expected(change), "\(name)")
            #expect(after(name, text) != table.defaults.core, "\(name)")
        }
        #expect(table.defaults.getConfigurationMaxKeys == 20)
        #expect(table.defaults.stopTransactionMaxMeterValues == 20)
    }

    @Test func theWaitOfARetryIsBoundedWhateverTheCountOfFailures() throws {
        let core = try OCPPKeyTable(site: site).defaults.core
        #expect(core.retryWait(afterFailures: 3) == .seconds(30))
        #expect(core.retryWait(afterFailures: 1000) == .seconds(10_000))
        #expect(core.retryWait(afterFailures: 1001) == .seconds(10_000))
        #expect(core.retryWait(afterFailures: .max) == .seconds(10_000))
        #expect(core.retryWait(afterFailures: .min) == .zero)
    }
}
