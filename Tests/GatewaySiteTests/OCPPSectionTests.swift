import GatewayCore
import GatewaySite
import JSON
import SiteConfiguration
import Testing

@Suite struct OCPPSectionTests {
    private func mistakes(_ keys: JSONValue, cable: JSONValue = "socket") throws -> [String] {
        let connector: JSONValue = [
            "id": 1, "cable": cable, "maximumCurrentAmps": 32, "phases": 3, "pilot": "simulated",
            "contactor": "simulated",
            "meter": "simulated",
        ]
        let document: JSONValue = ["allowSimulation": true, "connectors": [connector], "ocpp": keys]
        return OCPPSection.mistakes(in: try SiteFile(bytes: JSON.write(document))).map(\.description)
    }

    @Test func allMistakesAreToldAtOnce() throws {
        let keys: JSONValue = [
            "NumberOfConnectors": 2, "HeartbeatInterval": 0, "ResetRetries": 3, "hearbeatInterval": 5,
        ]
        #expect(
            try mistakes(keys) == [
                "charger.json: ocpp.HeartbeatInterval: expected an integer 1…86400 s, found \"0\"",
                "charger.json: ocpp.NumberOfConnectors: is read-only: the charger sets it by itself",
                "charger.json: ocpp.hearbeatInterval: is no key of this charger; did you mean \"HeartbeatInterval\"?",
            ]
        )
    }

    /// Also when it is misspelt: a secret is never shown, and its place is told.
    @Test(arguments: ["AuthorizationKey", "authorizationKey", "AuthorisationKey", "AuthorizationKy"])
    func aPasswordIsSentToItsPlace(name: String) throws {
        let secret = "0123456789ABCDEF0123456789ABCDEF"
        let found = try mistakes(.object(JSONObject(name, .string(secret))))
        #expect(found.count == 1)
        #expect(found.first?.contains("belongs to centralSystem.authorizationKeyHex") == true)
        #expect(found.first?.contains(secret) == false)
    }

    @Test(.timeLimit(.minutes(1))) func aFileOfAnotherKindCostsLittle() throws {
        var keys = JSONObject()
        for index in 0..<8000 { keys["someLongNameOfAKey\(index)"] = 1 }
        #expect(try mistakes(.object(keys)).count == 100)
    }

    @Test func aFixedCableHasNothingToUnlock() throws {
        let keys: JSONValue = ["UnlockConnectorOnEVSideDisconnect": true]
        #expect(try mistakes(keys).isEmpty)
        #expect(try mistakes(keys, cable: "fixed").count == 1)
    }

    @Test func everyFieldIsAKeyThatASiteMayGive() throws {
        let names = OCPPSection.fields.map(\.name)
        #expect(names.contains("MessageTimeout"))
        #expect(!names.contains("AuthorizationKey"))
        for field in OCPPSection.fields {
            guard let text = field.fallback?.asString else { continue }
            #expect(try mistakes(.object(JSONObject(field.name, .string(text)))).isEmpty, "\(field.name)")
        }
    }
}

extension JSONObject {
    fileprivate init(_ key: String, _ value: JSONValue) {
        self.init()
        self[key] = value
    }
}
