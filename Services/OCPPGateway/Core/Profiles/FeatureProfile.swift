import OCPP
import Primitives

/// One feature profile (OCPP 1.6 §3.2): its keys, its documents, its requests, and whatever it has to remember. A profile has a folder of its
/// own, and a line in `FeatureProfiles.all`.
///
/// Its state is part of `GatewayMachine`, and goes back with it when a write fails.
protocol FeatureProfile: Sendable {
    /// The keys that it brings; nil when it has none.
    static var keys: OCPPKeyTable.Profile? { get }

    /// What it keeps on disk beside the journal.
    static var documents: [any Document.Type] { get }

    /// `documents` are those that were found on disk.
    init(_ documents: Documents, at moment: Moment)

    /// When `deadlineReached` is to be called.
    var nextDeadline: Deadline? { get }

    /// Whether it has CALLs to send. Asked in every turn.
    var wantsToCall: Bool { get }

    /// Answers the request, by `turn`, now or later, and does what it asks for.
    /// - Returns: False, having done nothing, when the request belongs to another profile.
    mutating func respond(
        to request: OCPPRequest,
        id: String,
        _ machine: inout GatewayMachine,
        _ turn: inout GatewayTurn
    ) -> Bool

    /// Replies to a request of the bus, by `GatewayEffect.replied`, now or later.
    /// - Returns: False, having done nothing, when the request is none of its own.
    mutating func asked(
        _ number: Int,
        _ request: GatewayRequest,
        _ machine: inout GatewayMachine,
        _ turn: inout GatewayTurn
    ) -> Bool

    /// There is no central system any more that has accepted us.
    mutating func wentOffline(_ machine: inout GatewayMachine, _ turn: inout GatewayTurn)

    /// What became of a save of one of its documents.
    mutating func saved(
        _ document: String,
        _ outcome: SaveOutcome,
        _ machine: inout GatewayMachine,
        _ turn: inout GatewayTurn
    )

    /// A reading of a meter was taken in.
    mutating func meterWasRead(_ machine: inout GatewayMachine, _ turn: inout GatewayTurn)

    mutating func deadlineReached(_ machine: inout GatewayMachine, _ turn: inout GatewayTurn)
}

extension FeatureProfile {
    static var keys: OCPPKeyTable.Profile? { nil }

    static var documents: [any Document.Type] { [] }

    var nextDeadline: Deadline? { nil }

    var wantsToCall: Bool { false }

    mutating func asked(_: Int, _: GatewayRequest, _: inout GatewayMachine, _: inout GatewayTurn) -> Bool { false }

    mutating func wentOffline(_: inout GatewayMachine, _: inout GatewayTurn) {}

    mutating func saved(_: String, _: SaveOutcome, _: inout GatewayMachine, _: inout GatewayTurn) {}

    mutating func meterWasRead(_: inout GatewayMachine, _: inout GatewayTurn) {}

    mutating func deadlineReached(_: inout GatewayMachine, _: inout GatewayTurn) {}
}

/// How a save of a document ended.
enum SaveOutcome: Equatable, Sendable {
    case done
    /// Nobody knows what the disk holds of it.
    case failed
}

/// The profiles that are built, each with its state.
struct FeatureProfiles: Sendable {
    /// Asked in this order.
    static let all: [any FeatureProfile.Type] = [CoreProfile.self, DataTransferProfile.self, UnbuiltProfiles.self]

    private var profiles: [any FeatureProfile]

    init(_ documents: Documents, at moment: Moment) {
        profiles = Self.all.map { $0.init(documents, at: moment) }
    }

    var nextDeadline: Deadline? { earliest(of: profiles.lazy.map(\.nextDeadline)) }

    /// Whether one of them has CALLs to send.
    var wantToCall: Bool { profiles.contains { $0.wantsToCall } }

    /// What a request gets that no profile knows: one that only a charge point sends (OCPP 1.6 chapter 4), or of a profile that is not built.
    static func notSupported(_ request: OCPPRequest) -> CallError {
        let action = request.action.rawValue
        return CallError(code: .notSupported, errorDescription: "\(action) is not supported by this charge point")
    }

    /// Runs the profiles in their order until one returns true. They are part of the machine that they may change, and so are taken out of it
    /// meanwhile: a profile never runs within another.
    static func first(
        of machine: inout GatewayMachine,
        _ body: (inout any FeatureProfile, inout GatewayMachine) -> Bool
    ) -> Bool {
        var own = machine.profiles
        defer { machine.profiles = own }
        for index in own.profiles.indices {
            if body(&own.profiles[index], &machine) { return true }
        }
        return false
    }
}

extension FeatureProfiles {
    /// Runs the one profile of that kind, which is in `all`.
    static func with<Profile: FeatureProfile, Result>(
        _: Profile.Type,
        of machine: inout GatewayMachine,
        _ body: (inout Profile, inout GatewayMachine) -> Result
    ) -> Result {
        var result: Result?
        _ = first(of: &machine) { profile, machine in
            guard var own = profile as? Profile else { return false }
            result = body(&own, &machine)
            profile = own
            return true
        }
        guard let result else { preconditionFailure("Every profile that is asked for is in the list.") }
        return result
    }
}

/// What profiles that are not built answer without an error, because the specification has a word for it.
struct UnbuiltProfiles: FeatureProfile {
    init(_: Documents, at _: Moment) {}

    func respond(
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
