internal import BusCodec
internal import BusSchema
internal import Primitives

/// Why a request is refused whatever it asks for; nil when it passes.
enum RequestCheck {
    /// No more is done with a larger one, it is not even shown to whoever listens.
    static func size(ofPayload bytes: Int, type: String) -> BusError? {
        guard bytes > BusLimits.payloadBytes else { return nil }
        return BusError(.invalid, BusCodecError.payloadTooLarge(type: type, bytes: bytes).description)
    }

    /// The last millisecond before it expires is still in time.
    static func age(of header: Header, at uptime: Duration) -> BusError? {
        guard let expiresAt = header.expiresAt else {
            return BusError(.invalid, "header: expiresAt: required, but missing")
        }
        let lateness = uptime.wholeMilliseconds.subtractingClamped(expiresAt)
        return lateness <= 0 ? nil : BusError(.expired, "read \(lateness) ms after it expired")
    }
}
