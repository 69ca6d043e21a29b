import OCPP
import OCPPCodec

/// Short ways to say what a test needs.
enum Frames {
    static let chargePoint = MessageCodec(role: .chargePoint)
    static let centralSystem = MessageCodec(role: .centralSystem)

    /// Reads at the charge point; `pending` is the action of the call "id" that waits for its answer.
    static func decode(_ text: String, pending: Action? = nil) -> IncomingMessage {
        chargePoint.decode(Array(text.utf8)) { $0 == "id" ? pending : nil }
    }

    /// The code of the CALLERROR that answers the CALL; nil when it is accepted or not answered.
    static func code(_ text: String) -> CallErrorCode? {
        guard case .rejectedCall(_, _, let error) = decode(text) else { return nil }
        return error.code
    }

    /// As `code(_:)` for a well-formed frame around the payload.
    static func code(_ action: String, _ payload: String) -> CallErrorCode? {
        code(#"[2,"id","\#(action)",\#(payload)]"#)
    }

    static func isIgnored(_ message: IncomingMessage) -> Bool {
        guard case .ignored(let reason) = message else { return false }
        return !reason.isEmpty
    }

    static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
