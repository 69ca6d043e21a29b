import GatewayCore
import OCPP
import Testing

/// The password of the connection comes in frames that everybody who listens on the bus would see.
@Suite struct DisclosureTests {
    private let table: OCPPKeyTable

    init() throws { table = try OCPPKeyTable(site: KeySite(numberOfConnectors: 1, fixedCable: true, phases: 3)) }

    private func disclosure(_ message: IncomingMessage, mentioning names: String...) -> Disclosure {
        Disclosure(of: message, table) { names.contains($0) }
    }

    private func change(_ key: CiString50) -> IncomingMessage {
        .call(id: "1", .changeConfiguration(ChangeConfiguration.Request(key: key, value: "text")))
    }

    private func rejected(_ action: String?) -> IncomingMessage {
        .rejectedCall(id: "1", action: action, CallError(code: .formationViolation))
    }

    // Shows: J-CON-24
    @Test(arguments: ["AuthorizationKey", "authorizationKEY"] as [CiString50])
    func thePasswordIsReplaced(key: CiString50) {
        let shown = ChangeConfiguration.Request(key: key, value: "***")
        #expect(disclosure(change(key), mentioning: "AuthorizationKey") == .instead(shown))
    }

    @Test(arguments: ["HeartbeatInterval", "heartbeatinterval"] as [CiString50])
    func theValueOfAnotherKeyOfThisChargerIsShown(key: CiString50) {
        #expect(disclosure(change(key)) == .whole)
        #expect(disclosure(change(key), mentioning: "AuthorizationKey") == .nothing)
    }

    @Test(
        arguments: ["AuthorizationKey ", " AuthorizationKey", "Authorization-Key", "AuthorisationKey", "Password", ""]
            as [CiString50]
    )
    func theValueOfAKeyThatIsNoneHereIsNotShown(key: CiString50) {
        #expect(disclosure(change(key)) == .nothing)
    }

    @Test(arguments: [
        "ChangeConfiguration", "changeConfiguration", "Change Configuration", "Change\u{AD}Configuration",
    ])
    func aChangeThatIsNotUnderstoodIsNotShown(action: String) {
        #expect(disclosure(rejected(action)) == .nothing)
    }

    @Test(arguments: ["AuthorizationKey", "ChangeConfiguration"])
    func whatCannotBeReadAndNamesEitherIsNotShown(name: String) {
        let messages: [IncomingMessage] = [
            .ignored(reason: "not JSON"), rejected("SetVariables"), rejected(nil),
            .undecodableResult(id: "1", UnreadableResult(problem: "not JSON")),
        ]
        for message in messages {
            #expect(disclosure(message, mentioning: name) == .nothing)
            #expect(disclosure(message) == .whole)
        }
    }

    @Test func whateverElseIsUnderstoodIsShown() {
        #expect(disclosure(.call(id: "1", .clearCache(ClearCache.Request()))) == .whole)
        #expect(disclosure(.callResult(id: "1", .statusNotification(StatusNotification.Confirmation()))) == .whole)
        #expect(disclosure(.callError(id: "1", CallError(code: .genericError))) == .whole)
    }
}
