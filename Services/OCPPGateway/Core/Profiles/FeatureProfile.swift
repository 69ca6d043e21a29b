import OCPP

/// One feature profile (OCPP 1.6 §3.2): its keys, its documents, its requests. A profile has a folder of its own, and a line in
/// `FeatureProfiles.all`.
protocol FeatureProfile: Sendable {
    /// The keys that it brings; nil when it has none.
    static var keys: OCPPKeyTable.Profile? { get }

    /// What it keeps on disk beside the journal.
    static var documents: [any Document.Type] { get }

    /// Answers the request, by `turn`, now or later, and does what it asks for.
    /// - Returns: False, having done nothing, when the request belongs to another profile.
    static func respond(
        to request: OCPPRequest,
        id: String,
        _ machine: inout GatewayMachine,
        _ turn: inout GatewayTurn
    ) -> Bool

    /// What became of a save of one of its documents.
    static func saved(
        _ document: String,
        _ outcome: SaveOutcome,
        _ machine: inout GatewayMachine,
        _ turn: inout GatewayTurn
    )
}

extension FeatureProfile {
    static var keys: OCPPKeyTable.Profile? { nil }

    static var documents: [any Document.Type] { [] }

    static func saved(_: String, _: SaveOutcome, _: inout GatewayMachine, _: inout GatewayTurn) {}
}

/// How a save of a document ended.
enum SaveOutcome: Equatable, Sendable {
    case done
    /// Nobody knows what the disk holds of it.
    case failed
}

/// The profiles that are built.
enum FeatureProfiles {
    /// Asked in this order.
    static let all: [any FeatureProfile.Type] = [CoreProfile.self, UnbuiltProfiles.self]

    /// Tells the profile whose document it is.
    static func saved(
        _ document: String,
        _ outcome: SaveOutcome,
        _ machine: inout GatewayMachine,
        _ turn: inout GatewayTurn
    ) {
        let owner = all.first { $0.documents.contains { $0.name == document } }
        owner?.saved(document, outcome, &machine, &turn)
    }

    /// What a request gets that no profile knows: one that only a charge point sends (OCPP 1.6 chapter 4), or of a profile that is not built.
    static func notSupported(_ request: OCPPRequest) -> CallError {
        let action = request.action.rawValue
        return CallError(code: .notSupported, errorDescription: "\(action) is not supported by this charge point")
    }
}

/// What profiles that are not built answer without an error, because the specification has a word for it.
enum UnbuiltProfiles: FeatureProfile {
    static func respond(
        to request: OCPPRequest,
        id: String,
        _ machine: inout GatewayMachine,
        _ turn: inout GatewayTurn
    ) -> Bool {
        guard case .getLocalListVersion = request else { return false }
        // -1: local lists are not supported (OCPP 1.6 §5.10).
        turn.answer(id, .getLocalListVersion(GetLocalListVersion.Confirmation(listVersion: -1)))
        return true
    }
}
