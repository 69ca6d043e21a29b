internal import BusSchema
public import OCPP

/// How much of a frame of the central system people may see. The password comes in a ChangeConfiguration, and goes to nobody else.
public enum Disclosure: Equatable, Sendable {
    case whole
    /// The request in the place of the frame, with its value replaced: it sets the password.
    case instead(ChangeConfiguration.Request)
    case nothing

    /// What is written where a value is not shown.
    private static let stars: CiString500 = "***"

    /// - Parameters:
    ///   - message: What the frame was understood as.
    ///   - table: The keys of this charger.
    ///   - mentions: Whether the frame holds that name, in any spelling.
    public init(of message: IncomingMessage, _ table: OCPPKeyTable, mentions: (String) -> Bool) {
        switch message {
        case .call(_, .changeConfiguration(var change)):
            guard let declaration = table.name(of: change.key.text).flatMap({ table[$0] }) else {
                // Perhaps the name of the password with a typing error, a blank or an invisible character in it.
                self = .nothing
                return
            }
            guard declaration.secret else {
                self = mentions(OCPPKeyName.authorizationKey.rawValue) ? .nothing : .whole
                return
            }
            change.value = Self.stars
            self = .instead(change)
        case .call, .callResult, .callError: self = .whole
        case .rejectedCall(_, let action, _):
            self = Self.sets(action) || Self.mayHoldPassword(mentions) ? .nothing : .whole
        case .undecodableResult, .ignored:
            // It may hold the password anywhere, and the name of its key may have been cut off.
            self = Self.mayHoldPassword(mentions) ? .nothing : .whole
        }
    }

    private static func mayHoldPassword(_ mentions: (String) -> Bool) -> Bool {
        mentions(OCPPKeyName.authorizationKey.rawValue) || mentions(Action.changeConfiguration.rawValue)
    }

    /// Whether that is how somebody may have meant to spell ChangeConfiguration.
    private static func sets(_ action: String?) -> Bool {
        let letters = (action ?? "").unicodeScalars.filter { $0.isASCII && $0.properties.isAlphabetic }
        return String(String.UnicodeScalarView(letters)).lowercased()
            == Action.changeConfiguration.rawValue.lowercased()
    }
}
