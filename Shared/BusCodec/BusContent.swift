public import BusSchema

/// What a message carries, by its header's kind and type.
public enum BusContent: Sendable {
    case state(any BusState)
    case event(any BusEvent)
    case request(any BusRequest)
    /// The answer to a request of the header's type.
    case reply(any BusReply)
    /// The refusal of a request of the header's type.
    case error(BusError)
    /// A type or kind that this build does not know; the payload was not looked at.
    case unknown(type: String)
}

extension BusContent: Equatable {
    public static func == (left: BusContent, right: BusContent) -> Bool {
        switch (left, right) {
        case (.state(let one), .state(let other)): AnyBusMessage(one) == AnyBusMessage(other)
        case (.event(let one), .event(let other)): AnyBusMessage(one) == AnyBusMessage(other)
        case (.request(let one), .request(let other)): AnyBusMessage(one) == AnyBusMessage(other)
        case (.reply(let one), .reply(let other)): one.isEqual(to: other)
        case (.error(let one), .error(let other)): one == other
        case (.unknown(let one), .unknown(let other)): one == other
        case (.state, _), (.event, _), (.request, _), (.reply, _), (.error, _), (.unknown, _): false
        }
    }
}

extension BusReply {
    fileprivate func isEqual(to other: any BusReply) -> Bool { self == other as? Self }
}
