public import BusSchema
public import Primitives

/// What the hardware machines want done, in the order given: openings of contactors first, then other devices, then what is stored, then
/// answers, publications and the log.
public enum HardwareEffect: Equatable, Sendable {
    case command(DriverCommand)
    /// Store this for the next start, in place of what was stored before; answered by `memoryStored` or `memoryNotStored`.
    case store(HardwareMemory)
    case reply(RequestID, HardwareReply)
    case refuse(RequestID, BusError)
    /// A `ConnectorState`, `MeterReading`, `ReaderState`, `CardPresented` or `HardwareFault`.
    case publish(AnyBusMessage)
    case log(LogRecord)
    /// Everything is in its safe state, or cannot be brought there: end the process.
    case finish
}

/// The answers to requests.
public enum HardwareReply: Equatable, Sendable {
    case permit(Permit.Reply)
    case unlock(Unlock.Reply)
    case done
}
