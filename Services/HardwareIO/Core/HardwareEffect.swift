public import BusSchema
public import Primitives

/// What the hardware machines want done, in the order given: openings of contactors first, then what is latched, then other devices, then what is
/// stored, then answers, publications and the log.
public enum HardwareEffect: Equatable, Sendable {
    case command(DriverCommand)
    /// Store this for the next start, in place of what was stored before; answered by `memoryStored` or `memoryNotStored` in a later turn.
    ///
    /// One thing waits for it: the first closing of a run, which is counted on disk before it is ordered (`ClosingBudget`). Nothing else
    /// does. A contactor opens before its failure is on disk: waiting would be the danger. What is latched is remembered besides
    /// (`rememberLatches`), so that only the end of this boot can forget what the disk did not store. A register that was told and not stored leaves
    /// an older base, which no true register falls below.
    case store(HardwareMemory)
    /// Keep what is latched at a connector for the next process of this boot, whatever the disk does. Comes with each change, right behind the
    /// openings: before the device is told to trip by a test, and before a contactor closes after one.
    case rememberLatches(OutletLatches)
    /// Keep this reading, the newest that is believed, for the next process of this boot of the machine. Comes with each, so that it has to
    /// cost little, and need not outlive the machine. A register that falls or jumps while the process is away is found by it.
    case remember(MeterReading)
    /// The same for what was last seen of the EV at a connector. Comes when one comes or goes, and about each 5 s while one is there.
    case rememberVehicle(VehicleSight)
    case reply(RequestID, HardwareReply)
    case refuse(RequestID, BusError)
    /// A `ConnectorState`, `MeterReading`, `ReaderState`, `CardPresented` or `HardwareFault`.
    case publish(AnyBusMessage)
    case log(LogRecord)
    /// Everything is in its safe state, or cannot be brought there: end the process.
    case finish
    /// The same, and a new process takes its place.
    case restart
}

/// The answers to requests.
public enum HardwareReply: Equatable, Sendable {
    case permit(Permit.Reply)
    case unlock(Unlock.Reply)
    case card(ShowCard.Reply)
    case test(TestHardware.Reply)
    case done
}
