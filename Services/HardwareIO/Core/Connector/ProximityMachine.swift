import Primitives

/// Which cable is in the socket, by the resistor in its plug (IEC 61851-1 table B.2, with the bands that chargers use).
struct ProximityMachine: Machine {
    enum Event: Equatable {
        /// Nil: no plug.
        case resistorRead(ohms: Int?)
    }

    enum Effect: Equatable {
        case changed
    }

    enum Plug: Equatable {
        /// Not read yet.
        case unknown
        case absent
        case cable(ratedMilliamps: Int)
        /// No cable has this resistor.
        case invalid(ohms: Int)
    }

    private(set) var plug = Plug.unknown

    var nextDeadline: Deadline? { nil }

    mutating func deadlineReached(at moment: Moment) -> [Effect] { [] }

    mutating func handle(_ event: Event, at moment: Moment) -> [Effect] {
        switch event {
        case .resistorRead(let ohms):
            let next = Self.plug(ohms: ohms)
            // A cable does not grow while it is plugged: a higher reading is a bad contact.
            if case .cable(let rated) = plug, case .cable(let nextRated) = next, nextRated >= rated { return [] }
            guard next != plug else { return [] }
            plug = next
            return [.changed]
        }
    }

    private static func plug(ohms: Int?) -> Plug {
        guard let ohms else { return .absent }
        return switch ohms {
        case 2201...: .absent
        case 1000...2200: .cable(ratedMilliamps: 13_000)
        case 330..<1000: .cable(ratedMilliamps: 20_000)
        case 150..<330: .cable(ratedMilliamps: 32_000)
        case 75..<150: .cable(ratedMilliamps: 63_000)
        default: .invalid(ohms: ohms)
        }
    }
}
