import BusSchema
import OCPP
import Testing

@testable import GatewayCore

@Suite struct OCPPKeyTableTests {
    private let site = KeySite(numberOfConnectors: 1, fixedCable: true, phases: 3)

    /// SEED-01: the certificate's values.
    @Test func theFactoryDefaultsAreThoseOfTheCertificate() throws {
        let table = try OCPPKeyTable(site: site)
        let values = table.declarations.map { "\($0.key)=\($0.defaultValue ?? "-")" }
        #expect(
            values == [
                "AllowOfflineTxForUnknownId=true", "AuthorizationKey=-", "AuthorizeRemoteTxRequests=true",
                "ClockAlignedDataInterval=0", "ConnectionTimeOut=60", "ConnectorPhaseRotation=NotApplicable",
                "GetConfigurationMaxKeys=20", "HeartbeatInterval=20", "LocalAuthorizeOffline=false",
                "LocalPreAuthorize=false", "MeterValuesAlignedData=Energy.Active.Import.Register",
                "MeterValuesAlignedDataMaxLength=20", "MeterValuesSampledData=Energy.Active.Import.Register",
                "MeterValuesSampledDataMaxLength=20", "MeterValueSampleInterval=20", "NumberOfConnectors=1",
                "ResetRetries=3", "StopTransactionMaxMeterValues=20", "StopTransactionOnEVSideDisconnect=true",
                "StopTransactionOnInvalidId=true", "StopTxnAlignedData=", "StopTxnAlignedDataMaxLength=20",
                "StopTxnSampledData=", "StopTxnSampledDataMaxLength=20", "SupportedFeatureProfiles=Core",
                "TransactionMessageAttempts=3", "TransactionMessageRetryInterval=10",
                "UnlockConnectorOnEVSideDisconnect=false", "WebSocketPingInterval=10",
            ]
        )
    }

    @Test func everyDefaultIsCanonical() throws {
        for declaration in try OCPPKeyTable(site: site).declarations {
            guard let value = declaration.defaultValue else { continue }
            #expect(try declaration.canonical(value) == value)
        }
    }

    /// E §3.85 and AMB-31: a fixed cable cannot be unlocked.
    @Test func onlyASocketCanBeToldToUnlockOnEVSideDisconnect() throws {
        let fixed = try OCPPKeyTable(site: site)[.unlockConnectorOnEVSideDisconnect]
        #expect(fixed?.access == .readOnly)
        #expect(fixed?.defaultValue == "false")
        let socket = try OCPPKeyTable(site: KeySite(numberOfConnectors: 2, fixedCable: false, phases: 3))
        #expect(socket[.unlockConnectorOnEVSideDisconnect]?.access == .readWrite)
        #expect(socket[.unlockConnectorOnEVSideDisconnect]?.defaultValue == "true")
    }

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
        ("Heartbeat", "20", "Heartbeat is no key of this charger"),
        ("HeartbeatInterval", "0", "HeartbeatInterval must be from 1 to 86400"),
        ("LocalPreAuthorize", "yes", "LocalPreAuthorize must be true or false"),
    ])
    func aWrongSiteDefaultIsRefusedInOneLine(key: String, value: String, line: String) {
        var site = site
        site.defaults = [key: value]
        let problem = #expect(throws: KeyProblem.self) { try OCPPKeyTable(site: site) }
        #expect(problem?.description == line)
    }

    @Test(arguments: [
        (OCPPKeyName.webSocketPingInterval, "-1"), (.webSocketPingInterval, "1.0"), (.webSocketPingInterval, " 5"),
        (.webSocketPingInterval, ""), (.webSocketPingInterval, "99999999999999999999"),
        (.allowOfflineTxForUnknownId, "1"), (.meterValuesSampledData, "SoC"),
        (.meterValuesSampledData, "Voltage,Voltage"), (.meterValuesSampledData, "Voltage,,Frequency"),
        (.connectorPhaseRotation, "2.RST"),
    ])
    func aValueThatDoesNotFitIsRefused(name: OCPPKeyName, text: String) throws {
        let declaration = try #require(try OCPPKeyTable(site: site)[name])
        #expect(throws: KeyProblem.self) { try declaration.canonical(text) }
    }

    @Test(arguments: [
        (OCPPKeyName.webSocketPingInterval, "007", "7"), (.allowOfflineTxForUnknownId, "FALSE", "false"),
        (.stopTxnSampledData, "  ", ""), (.connectorPhaseRotation, "0.RST, 1.RTS", "0.RST,1.RTS"),
    ])
    func aValueIsBroughtToItsOneSpelling(name: OCPPKeyName, text: String, canonical: String) throws {
        let declaration = try #require(try OCPPKeyTable(site: site)[name])
        #expect(try declaration.canonical(text) == canonical)
    }

    @Test func keyNamesAreFoundInAnyCase() {
        #expect(OCPPKeyName(caseInsensitive: "heartbeatINTERVAL") == .heartbeatInterval)
        #expect(OCPPKeyName(caseInsensitive: "Heartbeat") == nil)
    }
}
