public import BusSchema

/// What people and programs ask of the gateway over the bus, and the core has to decide.
public enum GatewayRequest: Equatable, Sendable {
    case resend(ResendDeadLetters)
    case records(ReadRecords)
    case registerVendor(RegisterVendor)
    case answerDataTransfer(AnswerDataTransfer)
    case sendDataTransfer(SendDataTransfer)
}

/// The replies to them, each to its own.
public enum GatewayReply: Equatable, Sendable {
    case resend(ResendDeadLetters.Reply)
    case records(ReadRecords.Reply)
    case sendDataTransfer(SendDataTransfer.Reply)
    case done
}
