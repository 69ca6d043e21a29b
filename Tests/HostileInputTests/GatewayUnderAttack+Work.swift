import BusSchema
import GatewayCore
import Primitives

/// What a charger does all day. All of it throws what does not work as it should.
extension GatewayUnderAttack {
    /// Registered, and charging by the card `CARD`. `prepare` comes before the card.
    static func charging(_ prepare: (inout GatewayUnderAttack) -> Void = { _ in }) throws -> GatewayUnderAttack {
        var gateway = try GatewayUnderAttack()
        try gateway.start()
        try gateway.run(.seconds(60))
        guard gateway.isAccepted else { throw Problem("it is not accepted") }
        prepare(&gateway)
        try gateway.plug(.c)
        try gateway.swipe("CARD")
        try gateway.run(.seconds(20))
        guard gateway.isCharging else { throw Problem("it does not charge") }
        return gateway
    }

    /// Gets accepted and delivers everything. The longest interval that is believed is a day.
    mutating func recover() throws {
        try run(.seconds(26 * 3600)) { $0.isAccepted && $0.hasDelivered }
        guard isAccepted else { throw Problem("it is not accepted") }
        guard hasDelivered else { throw Problem("it does not deliver") }
    }

    /// Ends what runs by its card, and charges another car by another one.
    mutating func chargeAnotherCar() throws {
        if hasTransaction { try swipe("CARD") }
        try run(.seconds(3600)) { !$0.hasTransaction && $0.hasDelivered }
        guard !hasTransaction else { throw Problem("the transaction does not end") }
        guard hasDelivered else { throw Problem("the transaction is not delivered") }
        try plug(.a)
        try run(.seconds(200))
        try plug(.c)
        for _ in 0..<3 where !isCharging {
            try swipe("ANOTHER")
            try run(.seconds(40), until: \.isCharging)
        }
        guard isCharging else { throw Problem("another car does not charge") }
    }
}
