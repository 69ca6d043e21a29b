import JSON
import OCPP
import OCPPCodec
import OCPPSamples
import Testing

/// One answer of a hostile central system: a CALLRESULT with one thing wrong or extreme.
struct HostileConfirmation: Sendable, CustomTestStringConvertible {
    var action: Action
    var variant: HostileVariant

    /// The whole message in answer to the CALL with that id.
    func frame(id: String) -> [UInt8] { Array(#"[3,"\#(id)",\#(variant.text)]"#.utf8) }

    var testDescription: String { "\(action.rawValue) \(variant.what)" }

    /// All answers to one action.
    static func all(to action: Action) throws -> [HostileConfirmation] {
        try OCPPSamples.fullConfirmations.filter { $0.action == action }.flatMap { confirmation in
            let frame = try JSON.parse(MessageCodec.encodeResult(id: "id", confirmation))
            let payload = try #require(frame.asArray?.last)
            return HostileVariants.of(payload).map { HostileConfirmation(action: action, variant: $0) }
        }
    }
}
